package local

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// A process names a process beyond the reuse of its PID. The zero value names
// none.
type process struct {
	PID   int    `json:"pid,omitzero"`
	Start uint64 `json:"start,omitzero"` // clock ticks since boot, from /proc/PID/stat
}

// errGone is what a process that has ended, or whose PID is another's, gives.
var errGone = errors.New("process is gone")

// processOf names the process that has pid now.
func processOf(pid int) (process, error) {
	start, err := startTime(pid)
	if err != nil {
		return process{}, err
	}
	return process{PID: pid, Start: start}, nil
}

func startTime(pid int) (uint64, error) {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0, fmt.Errorf("read start time: %w", err)
	}
	return parseStartTime(b)
}

// parseStartTime reads field 22 of /proc/PID/stat. The name in field 2 may
// hold blanks and parentheses, so fields are counted from its last ")".
func parseStartTime(stat []byte) (uint64, error) {
	_, rest, found := bytes.Cut(stat[max(bytes.LastIndexByte(stat, ')'), 0):], []byte(") "))
	fields := bytes.Fields(rest)
	if !found || len(fields) < 20 {
		return 0, fmt.Errorf("read start time: short stat %q", stat)
	}
	return strconv.ParseUint(string(fields[19]), 10, 64)
}

// open pins the process. The caller closes the descriptor. Errors: errGone.
func (p process) open() (int, error) {
	if p.PID <= 0 {
		return -1, errGone
	}
	fd, err := unix.PidfdOpen(p.PID, 0)
	if err != nil {
		return -1, errGone
	}
	// The descriptor is of whoever has the PID; only now can it not change.
	if !p.alive() {
		closeFD(fd)
		return -1, errGone
	}
	return fd, nil
}

func closeFD(fd int) { _ = unix.Close(fd) }

// alive reports whether the process exists, a zombie included.
func (p process) alive() bool {
	start, err := startTime(p.PID)
	return err == nil && start == p.Start
}

// signal sends sig. Errors: errGone.
func (p process) signal(sig unix.Signal) error {
	fd, err := p.open()
	if err != nil {
		return err
	}
	defer closeFD(fd)
	if err := unix.PidfdSendSignal(fd, sig, nil, 0); err != nil {
		return errGone
	}
	return nil
}

// kill ends the process and waits until it has ended; one that is gone is nil.
func (p process) kill(ctx context.Context) error {
	fd, err := p.open()
	if err != nil {
		return nil
	}
	defer closeFD(fd)
	_ = unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0)
	return waitPidfd(ctx, fd)
}

// wait returns when the process has ended, or with ctx's error.
func (p process) wait(ctx context.Context) error {
	fd, err := p.open()
	if err != nil {
		return nil
	}
	defer closeFD(fd)
	return waitPidfd(ctx, fd)
}

func waitPidfd(ctx context.Context, fd int) error {
	const slice = 50 * time.Millisecond // how late a cancelled ctx is noticed
	for {
		fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		n, err := unix.Poll(fds, int(slice/time.Millisecond))
		switch {
		case n > 0:
			return nil
		case err != nil && !errors.Is(err, unix.EINTR):
			return fmt.Errorf("wait for process: %w", err)
		case ctx.Err() != nil:
			return fmt.Errorf("wait for process: %w", context.Cause(ctx))
		}
	}
}

// namespace opens one of the process's namespaces ("net", "uts"). It keeps the
// namespace in being; the caller closes it.
func (p process) namespace(kind string) (*os.File, error) {
	f, err := os.Open(fmt.Sprintf("/proc/%d/ns/%s", p.PID, kind))
	if err != nil {
		return nil, fmt.Errorf("open %s namespace: %w", kind, err)
	}
	if !p.alive() { // then it may be another process's
		_ = f.Close()
		return nil, errGone
	}
	return f, nil
}
