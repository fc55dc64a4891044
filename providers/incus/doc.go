// Package incus makes machines with Incus: system containers, or virtual
// machines, on a daemon of this host, of another one or of a cluster.
//
// Where the daemon is: BENCHTEST_INCUS_REMOTE names a remote of the incus
// command's configuration (INCUS_CONF, else ~/.config/incus), which has its
// address and certificates. Without it the local socket is used: INCUS_SOCKET,
// INCUS_DIR/unix.socket, the system's, or that of scripts/incus.sh.
//
// Instances and images live in a project of our own, "benchtest" unless
// BENCHTEST_INCUS_PROJECT names another; it is made on demand. Networks are in
// the project default, where Incus has its bridges. BENCHTEST_INCUS_POOL and
// BENCHTEST_INCUS_NETWORK name the storage pool and the bridge with a way out;
// otherwise they are those of the default profile.
//
// Whatever is made carries configuration keys user.benchtest.* from its first
// moment, and is found by them and never by its name.
//
// A template is a stopped instance which gets its name when it is whole. A
// clone is a copy of it on the same pool: copy-on-write on btrfs, zfs, lvm and
// ceph. Everything reaches a guest through the API: no route to it is needed.
package incus
