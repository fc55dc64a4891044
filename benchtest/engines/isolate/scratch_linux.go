package isolate

import (
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// Directories of a cell's own file system.
const (
	workDir   = "work"
	copiesDir = "copies"
)

// newScratch makes a file system in memory that belongs to no mount namespace:
// the cell attaches it in its own, we read in it through this handle, and it is
// gone with the last of both.
func newScratch(uid int, l Limits) (root *os.File, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("make a cell's file system: %w", err)
		}
	}()
	fs, err := unix.Fsopen("tmpfs", unix.FSOPEN_CLOEXEC)
	if err != nil {
		return nil, err
	}
	defer func() { _ = unix.Close(fs) }()
	for _, option := range [][2]string{
		{"size", strconv.FormatInt(l.Scratch, 10)}, {"nr_inodes", strconv.Itoa(l.Inodes)}, {"mode", "0755"},
	} {
		if err := unix.FsconfigSetString(fs, option[0], option[1]); err != nil {
			return nil, fmt.Errorf("set %s: %w", option[0], err)
		}
	}
	if err := unix.FsconfigCreate(fs); err != nil {
		return nil, err
	}
	fd, err := unix.Fsmount(fs, unix.FSMOUNT_CLOEXEC, unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV)
	if err != nil {
		return nil, err
	}
	root = os.NewFile(uintptr(fd), "scratch")
	if err := fillScratch(fd, uid); err != nil {
		root.Close()
		return nil, err
	}
	return root, nil
}

// fillScratch makes the directories. Chmod after mkdir: the umask is the user's.
func fillScratch(fd, uid int) error {
	for _, d := range []struct {
		name string
		mode uint32
		uid  int
	}{
		{workDir, 0o700, uid}, {copiesDir, 0o755, 0}, {"tmp", 0o1777, 0}, {"vartmp", 0o1777, 0}, {"shm", 0o1777, 0},
	} {
		if err := unix.Mkdirat(fd, d.name, d.mode); err != nil {
			return fmt.Errorf("make %s: %w", d.name, err)
		}
		if err := unix.Fchmodat(fd, d.name, d.mode, 0); err != nil {
			return fmt.Errorf("make %s: %w", d.name, err)
		}
		if err := unix.Fchownat(fd, d.name, d.uid, d.uid, unix.AT_SYMLINK_NOFOLLOW); err != nil {
			return fmt.Errorf("make %s: %w", d.name, err)
		}
	}
	return nil
}
