//go:build linux

package collect

import (
	"context"
	"fmt"
	"net"
	"os"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// dialUnixAs connects to a Unix socket as another user: the kernel notes the
// user at the moment of connect(2), and to a user namespace that has no number
// for our own we would be nobody.
//
// Only one thread changes its user. It is never given back, so it ends with
// the goroutine, and no other code runs as that user by accident.
func dialUnixAs(ctx context.Context, socket string, uid, gid uint32) (net.Conn, error) {
	type outcome struct {
		fd  int
		err error
	}
	done := make(chan outcome, 1)
	deadline, bounded := ctx.Deadline()
	go func() {
		runtime.LockOSThread()
		fd, err := connectAs(socket, uid, gid, deadline, bounded)
		done <- outcome{fd, err}
	}()
	o := <-done
	if o.err != nil {
		return nil, fmt.Errorf("connect to %s as %d: %w", socket, uid, o.err)
	}
	f := os.NewFile(uintptr(o.fd), socket)
	defer f.Close()
	return net.FileConn(f)
}

// connectAs changes the calling thread's effective user for good and connects.
func connectAs(socket string, uid, gid uint32, deadline time.Time, bounded bool) (int, error) {
	const keep = ^uintptr(0)
	// The library's calls would change every thread.
	if _, _, errno := unix.RawSyscall(unix.SYS_SETRESGID, keep, uintptr(gid), keep); errno != 0 {
		return -1, errno
	}
	if _, _, errno := unix.RawSyscall(unix.SYS_SETRESUID, keep, uintptr(uid), keep); errno != 0 {
		return -1, errno
	}
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	if bounded {
		// connect(2) waits while the listener's queue is full.
		tv := unix.NsecToTimeval(max(time.Until(deadline), time.Millisecond).Nanoseconds())
		if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_SNDTIMEO, &tv); err != nil {
			closeFD(fd)
			return -1, err
		}
	}
	if err := unix.Connect(fd, &unix.SockaddrUnix{Name: socket}); err != nil {
		closeFD(fd)
		return -1, err
	}
	return fd, nil
}
