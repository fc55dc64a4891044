package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/guest"
)

// A share is a directory of the host that the guest sees, mounted in its root
// before the guest starts. So the guest's mount namespace inherits it locked:
// guest root can neither make it writable nor take it away.

// mountShares mounts what the record asks for at the machine's root.
func mountShares(ctx context.Context, rec record) error {
	if len(rec.Mounts) == 0 {
		return nil
	}
	root, err := os.OpenRoot(dirOf(rec.ID).root())
	if err != nil {
		return err
	}
	defer root.Close()
	for _, m := range rec.Mounts {
		if err := mountShare(ctx, root, rec, m); err != nil {
			return fmt.Errorf("mount %s: %w", m.Host, err)
		}
	}
	return nil
}

func mountShare(ctx context.Context, root *os.Root, rec record, m providers.Mount) error {
	dir, owner, err := openShare(m, rec.Client)
	if err != nil {
		return err
	}
	defer dir.Close()
	at, err := mountPoint(root, strings.TrimPrefix(m.Place(), "/"))
	if err != nil {
		return err
	}
	defer at.Close()
	// Only this directory's file system: what is mounted below it was not named.
	tree, err := unix.OpenTree(int(dir.Fd()), "", unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|unix.AT_EMPTY_PATH)
	if err != nil {
		return fmt.Errorf("open_tree: %w", err)
	}
	defer func() { _ = unix.Close(tree) }()
	if err := mapOwner(ctx, tree, owner, rec.Agent, m.Writable); err != nil {
		return err
	}
	if err := unix.MoveMount(tree, "", int(at.Fd()), "", unix.MOVE_MOUNT_F_EMPTY_PATH|unix.MOVE_MOUNT_T_EMPTY_PATH); err != nil {
		return fmt.Errorf("move_mount: %w", err)
	}
	return nil
}

// openShare opens the directory of the host and says whose it is. No link
// stands in for it: where it leads may change between this look and the next.
func openShare(m providers.Mount, client int) (dir *os.File, owner guest.User, err error) {
	fd, err := unix.Openat2(unix.AT_FDCWD, m.Host, &unix.OpenHow{
		Flags: unix.O_PATH | unix.O_DIRECTORY | unix.O_CLOEXEC, Resolve: unix.RESOLVE_NO_SYMLINKS,
	})
	switch {
	case errors.Is(err, unix.ELOOP):
		real, _ := filepath.EvalSymlinks(m.Host) // only for the message
		return nil, owner, fmt.Errorf("its path goes through a symbolic link: name the directory itself, %s", real)
	case err != nil:
		return nil, owner, err
	}
	dir = os.NewFile(uintptr(fd), m.Host)
	var st unix.Stat_t
	if err = unix.Fstat(fd, &st); err == nil {
		owner = guest.User{UID: int(st.Uid), GID: int(st.Gid)}
		switch {
		case client != 0 && owner.UID != client:
			err = errors.New("it is not yours: name one of your own")
		case m.Writable && owner.UID == 0:
			// A guest could leave programs there that run as root for whoever starts them.
			err = fmt.Errorf("it is root's, and no guest writes there: chown USER %s, or mount it without :w", m.Host)
		}
	}
	if err != nil {
		return nil, owner, errors.Join(err, dir.Close())
	}
	return dir, owner, nil
}

// mountPoint opens the place in the guest's root where a share goes, and makes
// it where it is missing. What the guest has there itself is not hidden.
func mountPoint(root *os.Root, name string) (*os.File, error) {
	parts := strings.Split(name, "/")
	for i := range parts {
		dir := strings.Join(parts[:i+1], "/")
		err := root.Mkdir(dir, 0o755)
		if err == nil {
			err = errors.Join(root.Chmod(dir, 0o755), root.Lchown(dir, idOffset, idOffset)) // whatever our umask
		}
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, fmt.Errorf("make its place in the guest: %w", err)
		}
	}
	at, err := root.OpenFile(name, os.O_RDONLY|unix.O_DIRECTORY, 0) // never one that blocks
	if err != nil {
		return nil, fmt.Errorf("open its place in the guest: %w", err)
	}
	if names, err := at.Readdirnames(1); len(names) > 0 {
		return nil, errors.Join(fmt.Errorf("the guest has files of its own at /%s, which would be hidden", name), at.Close())
	} else if names == nil && err == nil {
		return nil, errors.Join(errors.New("its place in the guest cannot be read"), at.Close())
	}
	return at, nil
}

// unmountShares takes the shares from the machine's root, whose guest is off.
// What is mounted there is asked of the kernel: a record may be torn.
func unmountShares(d dir) error {
	info, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return err
	}
	for _, at := range mountsBelow(string(info), d.root()) {
		// EINVAL: another process was faster.
		if err := unix.Unmount(at, unix.UMOUNT_NOFOLLOW|unix.MNT_DETACH); err != nil && !errors.Is(err, unix.EINVAL) {
			return fmt.Errorf("unmount %s: %w", at, err)
		}
	}
	return nil
}

// mountsBelow are the mount points below a directory, the last mounted first.
func mountsBelow(mountinfo, dir string) []string {
	unescape := strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)
	var list []string
	for line := range strings.Lines(mountinfo) {
		fields := strings.Fields(line)
		if len(fields) < 5 {
			continue
		}
		if at := unescape.Replace(fields[4]); at != dir && providers.Inside(dir, at) {
			list = append(list, at)
		}
	}
	slices.Reverse(list)
	return list
}
