// Package isolate confines an engine's program on the driver: a user of its
// own, namespaces of its own, and nothing in sight of what would help it to
// cheat or to harm: the reference fixes, BENCHTEST_HOME, other attempts.
//
// A Warden opens one Cell for each attempt. The cell wraps the command that is
// to run in it: what starts is our own binary once more (Main), as PID 1 of new
// PID, mount, IPC and UTS namespaces and still root. It lays the file system
// out, starts the program without privileges, gives up its own, and ends as
// the program does; with it ends, by the kernel's hand, everything that is
// left in the namespace. It ends as well when the driver dies.
//
// What the program sees:
//
//   - The driver's file system, read-only and without set-ID bits.
//   - Its working directory, /tmp, /var/tmp and /dev/shm: its own, empty, in
//     memory, bounded together, gone afterwards.
//   - Empty directories in place of what Config hides and of homes.
//   - Within hidden homes and Config.Cover the program itself, read-only: the
//     directory of the file (its prefix, where that is called bin), of what it
//     is a link to, of its interpreter, of files that its arguments name by
//     absolute path, and what of PATH lies there. Within Config.Hide the file
//     alone. So a program that needs files beside itself is best kept out of
//     the scenarios' tree.
//   - /proc of its own PID namespace, a minimal /dev, and an /etc/passwd in
//     which it has a name (OpenSSH insists on one).
//   - The driver's network: it has to reach its model service.
//
// It needs root, and Linux 5.12 with leave to use namespaces. Where one of them
// is missing the cell confines nothing and says why.
package isolate
