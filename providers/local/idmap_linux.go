package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/benchtest-dev/benchtest/providers/guest"
)

// mapOwner makes a detached mount the guest's: what the owner of the directory
// has here, the guest's agent has there, and the other way round. The guest's
// other users own on the disk what the shifted IDs say, which nobody has here.
// Whatever else is in the directory is nobody's for the guest.
func mapOwner(ctx context.Context, tree int, owner, agent guest.User, writable bool) error {
	users, err := userNamespace(ctx, idMap(owner.UID, agent.UID), idMap(owner.GID, agent.GID))
	if err != nil {
		return err
	}
	defer users.Close()
	attr := unix.MountAttr{Attr_set: unix.MOUNT_ATTR_IDMAP | unix.MOUNT_ATTR_NOSUID | unix.MOUNT_ATTR_NODEV, Userns_fd: uint64(users.Fd())}
	if !writable {
		attr.Attr_set |= unix.MOUNT_ATTR_RDONLY
	}
	err = unix.MountSetattr(tree, "", unix.AT_EMPTY_PATH, &attr)
	switch {
	case errors.Is(err, unix.ENOSYS):
		return errors.New("this kernel has no mount_setattr, which is there from 5.12 on: copy with benchtest sandbox cp")
	case errors.Is(err, unix.EINVAL), errors.Is(err, unix.EPERM):
		var fs unix.Statfs_t
		_ = unix.Fstatfs(tree, &fs) // only for the message
		return fmt.Errorf("its file system (type %#x) maps no IDs with this kernel, as ext4, xfs and btrfs do: move it there, or copy with benchtest sandbox cp", fs.Type)
	case err != nil:
		return fmt.Errorf("mount_setattr: %w", err)
	}
	return nil
}

// idMap maps an ID of the disk to that of a guest's user, and the guest's other
// IDs to themselves.
func idMap(disk, user int) []syscall.SysProcIDMap {
	m := []syscall.SysProcIDMap{{ContainerID: disk, HostID: idOffset + user, Size: 1}}
	if user > 0 {
		m = append(m, syscall.SysProcIDMap{ContainerID: idOffset, HostID: idOffset, Size: user})
	}
	if rest := idCount - user - 1; rest > 0 {
		m = append(m, syscall.SysProcIDMap{ContainerID: idOffset + user + 1, HostID: idOffset + user + 1, Size: rest})
	}
	return m
}

// userNamespace makes a user namespace with these mappings. A process has to be
// in it until it is open: cat, which waits for its input's end.
func userNamespace(ctx context.Context, uids, gids []syscall.SysProcIDMap) (*os.File, error) {
	cmd := command(ctx, "cat")
	cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER
	cmd.SysProcAttr.UidMappings, cmd.SysProcAttr.GidMappings = uids, gids
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("make user namespace: %w", err)
	}
	f, err := os.Open("/proc/" + strconv.Itoa(cmd.Process.Pid) + "/ns/user")
	return f, errors.Join(err, stdin.Close(), cmd.Wait())
}
