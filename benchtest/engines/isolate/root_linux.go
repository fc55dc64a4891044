package isolate

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"
)

// A root lays the cell's file system out, in a mount namespace that is ours
// alone. What is to be seen is taken hold of first, then things are laid over
// one another: nothing is moved and nothing removed that others see.
type root struct {
	orders orders
	held   map[string]int // detached mounts, by the path they are for
}

// devices are what stands in /dev beside terminals.
var devices = []string{"null", "zero", "full", "random", "urandom", "tty"}

func layOut(o orders) error {
	r := &root{orders: o, held: map[string]int{}}
	for _, step := range []struct {
		what string
		do   func() error
	}{
		{"leave the driver's mounts alone", func() error { return unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, "") }},
		{"hold what is to be seen", r.hold},
		{"let go of mounts", r.letGo},
		{"attach scratch", r.attachScratch},
		{"place", r.placeAll},
		{"mount /proc", mountProc},
		{"mount /dev", r.mountDev},
		{"name the user", r.nameUser},
		{"make it read-only", r.seal},
	} {
		if err := step.do(); err != nil {
			return fmt.Errorf("%s: %w", step.what, err)
		}
	}
	return nil
}

// hold opens everything that what is laid over it would bury.
func (r *root) hold() error {
	paths := []string{}
	for _, p := range r.orders.Places {
		if p.Kind == shown || p.Kind == copied {
			paths = append(paths, p.Path)
		}
	}
	for _, d := range devices {
		paths = append(paths, "/dev/"+d)
	}
	for _, path := range paths {
		fd, err := clone(path)
		if err != nil {
			return err
		}
		r.held[path] = fd
	}
	return nil
}

// clone is a mount of what is at path, with the mounts below it.
func clone(path string) (int, error) {
	fd, err := unix.OpenTree(unix.AT_FDCWD, path, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|unix.AT_RECURSIVE)
	if err != nil {
		return -1, fmt.Errorf("open %s: %w", path, err)
	}
	return fd, nil
}

// letGo drops our copies of mounts that keep others' things busy: machines of
// other attempts, their network namespaces, and views of other processes.
func (r *root) letGo() error {
	mounts, err := ownMounts()
	if err != nil {
		return err
	}
	for _, m := range slices.Backward(mounts) {
		buried := slices.ContainsFunc(r.orders.Places, func(p place) bool {
			return (p.Kind == hidden || p.Kind == scratch) && m.path != p.Path && within(m.path, p.Path)
		})
		if buried || m.fstype == "nsfs" || m.fstype == "proc" && !within(m.path, "/proc") {
			// One that was below another went with that.
			err := unix.Unmount(m.path, unix.MNT_DETACH|unix.UMOUNT_NOFOLLOW)
			if err != nil && !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOENT) {
				return fmt.Errorf("unmount %s: %w", m.path, err)
			}
		}
	}
	return nil
}

// attachPoint is where scratch lies while it is taken to pieces: a directory
// that every system has and that is covered afterwards.
const attachPoint = "/tmp"

// attachScratch takes hold of the cell's own directories, copies into them
// included.
func (r *root) attachScratch() error {
	if err := unix.MoveMount(scratchFD, "", unix.AT_FDCWD, attachPoint, unix.MOVE_MOUNT_F_EMPTY_PATH); err != nil {
		return err
	}
	for i, p := range r.orders.Places {
		name := filepath.Join(attachPoint, p.From)
		if p.Kind == copied {
			name = filepath.Join(attachPoint, copiesDir, strconv.Itoa(i))
			if err := copyFile(fmt.Sprintf("/proc/self/fd/%d", r.held[p.Path]), name); err != nil {
				return fmt.Errorf("copy %s: %w", p.Path, err)
			}
		}
		if p.Kind == copied || p.Kind == scratch {
			if err := r.holdAs(p.Path, name); err != nil {
				return err
			}
		}
	}
	if err := r.holdAs("/dev/shm", filepath.Join(attachPoint, "shm")); err != nil {
		return err
	}
	if err := r.writeAccounts(); err != nil {
		return err
	}
	return unix.Unmount(attachPoint, unix.MNT_DETACH)
}

func (r *root) holdAs(key, path string) error {
	fd, err := clone(path)
	r.held[key] = fd
	return err
}

// copyFile copies a file so that everybody may read it, and run it where its
// owner may.
func copyFile(from, to string) error {
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer src.Close()
	info, err := src.Stat()
	if err != nil {
		return err
	}
	dst, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(dst, src)
	return errors.Join(err, dst.Chmod(0o444|info.Mode()&0o100*0o111/0o100), dst.Close())
}

// seal makes everything read-only but what is the program's own.
func (r *root) seal() error {
	all := unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY | unix.MOUNT_ATTR_NOSUID}
	if err := unix.MountSetattr(unix.AT_FDCWD, "/", unix.AT_RECURSIVE, &all); err != nil {
		return err
	}
	writable := []string{"/proc", "/dev/pts", "/dev/shm"}
	for _, p := range r.orders.Places {
		if p.Kind == scratch {
			writable = append(writable, p.Path)
		}
	}
	for _, path := range writable {
		own := unix.MountAttr{Attr_clr: unix.MOUNT_ATTR_RDONLY}
		if err := unix.MountSetattr(unix.AT_FDCWD, path, 0, &own); err != nil {
			return fmt.Errorf("open %s: %w", path, err)
		}
	}
	return nil
}
