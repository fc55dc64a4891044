package local

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Dial connects to port 22 on the guest's loopback, from inside its network
// namespace. A guest that boots refuses the connection at first.
func (m *Machine) Dial(ctx context.Context) (net.Conn, error) {
	conn, err := m.dial(ctx)
	if err != nil {
		return nil, fmt.Errorf("dial %s: %w", m.id, err)
	}
	return conn, nil
}

func (m *Machine) dial(ctx context.Context) (net.Conn, error) {
	init, err := m.running()
	if err != nil {
		return nil, err
	}
	ns, err := init.namespace("net")
	if err != nil {
		return nil, err
	}
	defer ns.Close()
	// A socket stays in the namespace it was made in; only making it must
	// happen there.
	fd := -1
	err = within(ns, unix.CLONE_NEWNET, func() (err error) {
		fd, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
		return os.NewSyscallError("socket", err)
	})
	if err != nil {
		return nil, err
	}
	sock := os.NewFile(uintptr(fd), "guest:22")
	defer sock.Close() // net.FileConn makes its own copy
	if err := connect(ctx, fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}, Port: 22}); err != nil {
		return nil, err
	}
	return net.FileConn(sock)
}

// connect finishes a connection on the non-blocking socket fd.
func connect(ctx context.Context, fd int, to unix.Sockaddr) error {
	err := unix.Connect(fd, to)
	if !errors.Is(err, unix.EINPROGRESS) {
		return os.NewSyscallError("connect", err)
	}
	const slice = 20 * time.Millisecond // how late a cancelled ctx is noticed
	for {
		fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}
		n, err := unix.Poll(fds, int(slice/time.Millisecond))
		switch {
		case n > 0:
			code, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR)
			if err == nil && code != 0 {
				err = unix.Errno(code)
			}
			return os.NewSyscallError("connect", err)
		case err != nil && !errors.Is(err, unix.EINTR):
			return os.NewSyscallError("poll", err)
		case ctx.Err() != nil:
			return context.Cause(ctx)
		}
	}
}
