//go:build linux

package collect

import (
	"cmp"
	"errors"
	"io/fs"
	"path"
	"strings"

	"golang.org/x/sys/unix"
)

// A Root is a directory tree that is read as if its top were "/": no symlink,
// absolute or with "..", and no magic link of procfs leads out of it. Methods
// may be called concurrently.
type Root struct {
	fd int
	// plain: names are opened as they are. For a procfs, where the kernel makes
	// the links, and for the real "/" of a kernel without openat2 (before 5.6),
	// where there is nothing to escape from.
	plain bool
	// guard, when set, refuses what lies on a mount that it does not trust.
	guard *mountGuard
}

// OpenRoot opens the tree at dir. The caller closes it.
func OpenRoot(dir string) (*Root, error) {
	fd, err := unix.Open(dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &fs.PathError{Op: "open root", Path: dir, Err: err}
	}
	r := &Root{fd: fd}
	probe, err := r.open(".", unix.O_PATH)
	if errors.Is(err, unix.ENOSYS) && dir == "/" {
		r.plain = true
		return r, nil
	}
	if err != nil {
		closeFD(fd)
		return nil, err
	}
	closeFD(probe)
	return r, nil
}

// OpenProc opens the procfs at dir, whose names must not be chosen by others.
// The caller closes it.
func OpenProc(dir string) (*Root, error) {
	fd, err := unix.Open(dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &fs.PathError{Op: "open procfs", Path: dir, Err: err}
	}
	return &Root{fd: fd, plain: true}, nil
}

// guarded is the same tree, open once, of which the guard refuses a part.
func (r *Root) guarded(g *mountGuard) *Root { return &Root{fd: r.fd, plain: r.plain, guard: g} }

// Close closes the directory; what was opened below it stays open.
func (r *Root) Close() { closeFD(r.fd) }

// closeFD closes a descriptor that was only looked through: there is nothing
// that a failure could lose.
func closeFD(fd int) { _ = unix.Close(fd) }

// open resolves name inside the root, where the guard lets it. It never blocks
// on a FIFO and never makes a terminal ours.
func (r *Root) open(name string, flags int) (int, error) {
	fd, err := r.resolve(name, flags)
	if r.guard == nil {
		return fd, err
	}
	if err != nil {
		if notThere(err) {
			err = cmp.Or(r.guardAbove(name), err)
		}
		return -1, err
	}
	if err := r.guard.check(fd, name); err != nil {
		closeFD(fd)
		return -1, err
	}
	return fd, nil
}

// guardAbove asks the guard about what is not there: the mount is that of the
// next directory above that is.
func (r *Root) guardAbove(name string) error {
	for dir := path.Dir(name); ; dir = path.Dir(dir) {
		fd, err := r.resolve(dir, unix.O_PATH)
		if err == nil {
			defer closeFD(fd)
			return r.guard.check(fd, dir)
		}
		if dir == "/" || dir == "." {
			return err
		}
	}
}

// resolve is open without the guard.
func (r *Root) resolve(name string, flags int) (int, error) {
	flags |= unix.O_CLOEXEC
	if flags&unix.O_PATH == 0 {
		flags |= unix.O_NONBLOCK | unix.O_NOCTTY
	}
	if strings.ContainsRune(name, 0) {
		return -1, &fs.PathError{Op: "open", Path: name, Err: unix.EINVAL}
	}
	if r.plain {
		fd, err := unix.Openat(r.fd, name, flags, 0)
		if err != nil {
			return -1, &fs.PathError{Op: "open", Path: name, Err: err}
		}
		return fd, nil
	}
	how := unix.OpenHow{Flags: uint64(flags), Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS}
	// The kernel answers EAGAIN when a rename elsewhere raced with "..", and
	// wants to be asked again.
	var fd int
	err := error(unix.EAGAIN)
	for tries := 0; tries < 32 && errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR); tries++ {
		fd, err = unix.Openat2(r.fd, name, &how)
	}
	if err != nil {
		return -1, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return fd, nil
}

// Lstat describes what is at name, a symlink itself included.
func (r *Root) Lstat(name string) (unix.Stat_t, error) {
	return r.stat(name, unix.O_PATH|unix.O_NOFOLLOW)
}

// Stat describes what name leads to.
func (r *Root) Stat(name string) (unix.Stat_t, error) { return r.stat(name, unix.O_PATH) }

func (r *Root) stat(name string, flags int) (unix.Stat_t, error) {
	var st unix.Stat_t
	fd, err := r.open(name, flags)
	if err != nil {
		return st, err
	}
	defer closeFD(fd)
	if err := unix.Fstat(fd, &st); err != nil {
		return st, &fs.PathError{Op: "stat", Path: name, Err: err}
	}
	return st, nil
}

// Statfs describes the file system that name is on.
func (r *Root) Statfs(name string) (unix.Statfs_t, error) {
	var st unix.Statfs_t
	fd, err := r.open(name, unix.O_PATH)
	if err != nil {
		return st, err
	}
	defer closeFD(fd)
	if err := unix.Fstatfs(fd, &st); err != nil {
		return st, &fs.PathError{Op: "statfs", Path: name, Err: err}
	}
	return st, nil
}

// Readlink returns what the symlink name says. Magic links of procfs are read
// as well; only walking through them is refused.
func (r *Root) Readlink(name string) (string, error) {
	dir, rest := r.fd, name
	if !r.plain {
		fd, err := r.open(name, unix.O_PATH|unix.O_NOFOLLOW)
		if err != nil {
			return "", err
		}
		defer closeFD(fd)
		dir, rest = fd, ""
	}
	var buf [unix.PathMax]byte
	n, err := unix.Readlinkat(dir, rest, buf[:])
	if err != nil {
		return "", &fs.PathError{Op: "readlink", Path: name, Err: err}
	}
	return string(buf[:n]), nil
}

// xattr is an extended attribute of what is at name, a symlink itself not
// followed; empty when it has none.
func (r *Root) xattr(name, attr string) string {
	fd, err := r.open(name, unix.O_RDONLY|unix.O_NOFOLLOW)
	if err != nil {
		return ""
	}
	defer closeFD(fd)
	var buf [64]byte
	n, err := unix.Fgetxattr(fd, attr, buf[:])
	switch {
	case err != nil:
		return ""
	case n == 0:
		return "y" // there, and empty
	}
	return string(buf[:n])
}

// notThere reports whether err says that there is nothing at the path: an
// answer, where another error means that the question could not be asked.
func notThere(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOTDIR) ||
		errors.Is(err, unix.ELOOP) || errors.Is(err, unix.ENAMETOOLONG)
}
