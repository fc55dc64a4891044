package lima

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// killMarked ends every process that carries the mark of the instance in dir:
// QEMU, the host agent, its SSH master, and a limactl whose caller was killed.
// It returns when none is left, and nobody listens at their ports.
func killMarked(ctx context.Context, dir string) error {
	for {
		killed, err := killOnce(dir)
		for _, fd := range killed {
			if err == nil {
				err = awaitExit(ctx, fd)
			}
			_ = unix.Close(fd)
		}
		if len(killed) == 0 || err != nil {
			return err
		}
	}
}

// killOnce signals those that are alive now, and returns their descriptors.
func killOnce(dir string) (killed []int, err error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
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
		if !marked(pid, mark) {
			_ = unix.Close(fd)
			continue
		}
		killed = append(killed, fd)
		if err := unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0); err != nil && !errors.Is(err, unix.ESRCH) {
			errs = append(errs, err)
		}
	}
	return killed, errors.Join(errs...)
}

// awaitExit waits until a process is over. It has lost its environment before,
// with its memory, and only then its files and sockets.
func awaitExit(ctx context.Context, pidfd int) error {
	const look = 50 // milliseconds, to see that ctx is done
	for ctx.Err() == nil {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(pidfd), Events: unix.POLLIN}}, look) //nolint:gosec // descriptors are small
		if n > 0 {
			return nil
		}
		if err != nil && !errors.Is(err, unix.EINTR) {
			return err
		}
	}
	return context.Cause(ctx)
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
