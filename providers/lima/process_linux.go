package lima

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// killMarked ends every process that carries the mark of the instance in dir:
// QEMU, the host agent, its SSH master, and a limactl whose caller was killed.
// It returns when none is left.
func killMarked(ctx context.Context, dir string) error {
	for {
		n, err := killOnce(dir)
		if n == 0 || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// killOnce signals those that are alive now and counts them.
func killOnce(dir string) (n int, err error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return 0, err
	}
	mark := []byte(markName + "=" + dir)
	var errs []error
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || pid == os.Getpid() || !marked(pid, mark) {
			continue
		}
		fd, err := unix.PidfdOpen(pid, 0)
		if err != nil {
			continue // it is gone
		}
		// The number may have been given to another process before it was opened.
		if marked(pid, mark) {
			n++
			if err := unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0); err != nil && !errors.Is(err, unix.ESRCH) {
				errs = append(errs, err)
			}
		}
		_ = unix.Close(fd)
	}
	return n, errors.Join(errs...)
}

// marked reports whether a process has the mark. A zombie has no environment
// any more, and another user's is not ours to read.
func marked(pid int, mark []byte) bool {
	env, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "environ"))
	if err != nil {
		return false
	}
	for v := range bytes.SplitSeq(env, []byte{0}) {
		if bytes.Equal(v, mark) {
			return true
		}
	}
	return false
}
