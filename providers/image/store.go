package image

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// SystemDir holds images that root made for everybody (scripts/images.sh).
const SystemDir = "/var/lib/benchtest/images"

// A Store keeps images in a directory, by their content. Its methods may be
// called concurrently, and by several processes: each image is made once, and
// one that is there is whole.
type Store struct {
	// Dir is made on demand; required.
	Dir string
	// Log is told what the programs that make an image print; nil: nobody is.
	Log io.Writer
	// Start starts a program, say in a cgroup; nil: cmd.Start, and the program
	// ends when we do.
	Start func(*exec.Cmd) error
	// System is a directory that is looked into before an image is made, and
	// never written; "" is SystemDir, and Dir itself switches that off.
	System string
	// Transport is what downloads come by; nil is http.DefaultTransport.
	Transport http.RoundTripper
}

// A maker writes an image to out. tmp is an empty directory on the same file
// system; it goes with whatever is in it.
type maker func(ctx context.Context, tmp, out string) error

// ensure returns the path of the image called name, and makes it when it is
// not there. An image gets its name when all of it is on disk.
func (s Store) ensure(ctx context.Context, name string, make maker) (string, error) {
	if path, ok := s.find(name); ok {
		return path, nil
	}
	if err := os.MkdirAll(s.Dir, 0o755); err != nil {
		return "", err
	}
	lock, err := s.lock(ctx, name)
	if err != nil {
		return "", err
	}
	defer lock.Close()
	if path, ok := s.find(name); ok { // made by whoever had the lock before
		return path, nil
	}
	staging := filepath.Join(s.Dir, stagingPrefix+name)
	if err := os.RemoveAll(staging); err != nil { // what a killed one left
		return "", err
	}
	tmp, out := filepath.Join(staging, "tmp"), filepath.Join(staging, "image")
	if err := os.MkdirAll(tmp, 0o755); err != nil {
		return "", err
	}
	final := filepath.Join(s.Dir, name)
	err = make(withLock(ctx, lock), tmp, out)
	if err == nil {
		err = publish(out, final)
	}
	return final, errors.Join(err, os.RemoveAll(staging))
}

const stagingPrefix = ".staging-"

// find is where the image is, if it is.
func (s Store) find(name string) (string, bool) {
	path := filepath.Join(s.Dir, name)
	if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
		return path, true
	}
	path = filepath.Join(cmp.Or(s.System, SystemDir), name)
	info, err := os.Lstat(path)
	return path, err == nil && info.Mode().IsRegular() && trusted(info)
}

// publish puts an image on disk and gives it its name.
func publish(out, final string) error {
	f, err := os.Open(out)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Chmod(0o644); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := os.Rename(out, final); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(final))
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}

// lock takes the lock of an image. It belongs to the open file, which the
// programs that make the image have too: so while one of them lives on after
// us, nobody else begins. The caller closes the file.
func (s Store) lock(ctx context.Context, name string) (*os.File, error) {
	for {
		f, err := s.tryLock(name)
		if f != nil || err != nil {
			return f, err
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// tryLock is lock that does not wait: nil, when somebody else has it.
func (s Store) tryLock(name string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(s.Dir, "."+name+".lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	switch {
	case err == nil:
		return f, nil
	case errors.Is(err, unix.EWOULDBLOCK):
		return nil, f.Close()
	}
	return nil, errors.Join(fmt.Errorf("lock %s: %w", f.Name(), err), f.Close())
}
