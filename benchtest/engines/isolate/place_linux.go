package isolate

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// placeAll puts every place where it belongs; the orders have them in order.
func (r *root) placeAll() error {
	for _, p := range r.orders.Places {
		if err := r.place(p); err != nil {
			return fmt.Errorf("%s %s: %w", p.Kind, p.Path, err)
		}
	}
	return nil
}

func (r *root) place(p place) error {
	switch {
	case p.Kind == hidden:
		return mountTmpfs(p.Path)
	case p.Kind == linked:
		if err := os.MkdirAll(filepath.Dir(p.Path), 0o755); err != nil {
			return err
		}
		return os.Symlink(p.From, p.Path)
	case p.Bare:
		if err := mountPoint(r.held[p.Path], p.Path); err != nil {
			return err
		}
	}
	return r.put(p.Path, p.Path)
}

// put lays the mount that is held for a path over target.
func (r *root) put(path, target string) error {
	return unix.MoveMount(r.held[path], "", unix.AT_FDCWD, target, unix.MOVE_MOUNT_F_EMPTY_PATH)
}

// mountPoint makes an empty file or directory at path, as fd is one.
func mountPoint(fd int, path string) error {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return err
	}
	if st.Mode&unix.S_IFMT == unix.S_IFDIR {
		return os.MkdirAll(path, 0o755)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	return f.Close()
}

// mountTmpfs mounts an empty directory, with room for mount points.
func mountTmpfs(path string) error {
	return unix.Mount("benchtest", path, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=0755,size=1m,nr_inodes=4096")
}

// mountProc shows the processes of our own PID namespace alone.
func mountProc() error {
	return unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "")
}

// mountDev makes a /dev without the machine's devices.
func (r *root) mountDev() error {
	if err := mountTmpfs("/dev"); err != nil {
		return err
	}
	for _, d := range devices {
		path := "/dev/" + d
		if err := mountPoint(r.held[path], path); err != nil {
			return err
		}
		if err := r.put(path, path); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	for link, to := range map[string]string{
		"fd": "/proc/self/fd", "stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2", "ptmx": "pts/ptmx",
	} {
		if err := os.Symlink(to, "/dev/"+link); err != nil {
			return err
		}
	}
	for _, dir := range []string{"/dev/pts", "/dev/shm"} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			return err
		}
	}
	if err := unix.Mount("devpts", "/dev/pts", "devpts", unix.MS_NOSUID|unix.MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620"); err != nil {
		return fmt.Errorf("mount /dev/pts: %w", err)
	}
	return r.put("/dev/shm", "/dev/shm")
}

// userName is what the program's user is called inside.
const userName = "benchtest-engine"

// accounts are the files in which the program's user has a name: OpenSSH does
// not start without one.
func (r *root) accounts() map[string]string {
	home := r.orders.Dir
	if strings.ContainsAny(home, ":\n") {
		home = "/"
	}
	return map[string]string{
		"/etc/passwd": fmt.Sprintf("%s:x:%d:%d::%s:/bin/sh\n", userName, r.orders.UID, r.orders.UID, home),
		"/etc/group":  fmt.Sprintf("%s:x:%d:\n", userName, r.orders.UID),
	}
}

// writeAccounts makes copies of them with the program's user, where they are.
func (r *root) writeAccounts() error {
	for path, line := range r.accounts() {
		b, err := os.ReadFile(path)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if len(b) > 0 && b[len(b)-1] != '\n' {
			line = "\n" + line
		}
		name := filepath.Join(attachPoint, copiesDir, filepath.Base(path))
		if err := os.WriteFile(name, append(b, line...), 0o644); err != nil {
			return err
		}
		if err := r.holdAs(path, name); err != nil {
			return err
		}
	}
	return nil
}

func (r *root) nameUser() error {
	for path := range r.accounts() {
		if _, held := r.held[path]; !held {
			continue
		}
		target, err := filepath.EvalSymlinks(path)
		if err != nil {
			return err
		}
		if err := r.put(path, target); err != nil {
			return err
		}
	}
	return nil
}
