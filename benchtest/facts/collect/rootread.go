//go:build linux

package collect

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"

	"golang.org/x/sys/unix"
)

// errNotRegular is what Open says of a directory, FIFO, device or socket.
var errNotRegular = errors.New("not a regular file")

// Open opens the regular file name for reading.
func (r *Root) Open(name string) (*os.File, error) {
	fd, err := r.openRegular(name)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), name), nil
}

// openRegular looks at what is there first: opening some devices has effects.
func (r *Root) openRegular(name string) (int, error) {
	if !r.plain {
		before, err := r.Stat(name)
		if err != nil {
			return -1, err
		}
		if before.Mode&unix.S_IFMT != unix.S_IFREG {
			return -1, &fs.PathError{Op: "open", Path: name, Err: errNotRegular}
		}
	}
	fd, err := r.open(name, unix.O_RDONLY)
	if err != nil {
		return -1, err
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil || st.Mode&unix.S_IFMT != unix.S_IFREG {
		closeFD(fd)
		return -1, &fs.PathError{Op: "open", Path: name, Err: errNotRegular}
	}
	return fd, nil
}

// ReadFile reads the regular file name; one larger than limit is an error.
func (r *Root) ReadFile(ctx context.Context, name string, limit int) ([]byte, error) {
	fd, err := r.openRegular(name)
	if err != nil {
		return nil, err
	}
	defer closeFD(fd)
	b := make([]byte, 0, min(limit+1, 4096))
	for {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		if len(b) == cap(b) {
			b = slices.Grow(b, len(b)+1)
		}
		n, err := unix.Read(fd, b[len(b):cap(b)])
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return nil, &fs.PathError{Op: "read", Path: name, Err: err}
		case n == 0:
			return b, nil
		}
		b = b[:len(b)+n]
		if len(b) > limit {
			return nil, fmt.Errorf("read %s: larger than %d bytes", name, limit)
		}
	}
}

// ReadDir returns the names in directory name, in no order.
func (r *Root) ReadDir(name string) ([]string, error) {
	fd, err := r.open(name, unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return nil, err
	}
	d := os.NewFile(uintptr(fd), name)
	defer d.Close()
	return d.Readdirnames(-1)
}

// ctxReader ends a long read when its context does.
type ctxReader struct {
	ctx context.Context
	r   io.Reader
}

func (c *ctxReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
