package main

import (
	"errors"
	"io"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A port is the guest's end of a serial line that the driver connects to and
// hangs up. While nobody is connected the device reads as ended, again and
// again, and takes no bytes.
type port struct {
	file *os.File
	raw  syscall.RawConn
	// called: a session is on, which ends when the driver hangs up. Without one
	// an end only means to wait for the next call.
	called atomic.Bool
}

func openPort(path string) (*port, error) {
	f, err := os.OpenFile(path, os.O_RDWR|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	return newPort(f)
}

// newPort makes a port of a file that does not block.
func newPort(f *os.File) (*port, error) {
	raw, err := f.SyscallConn()
	if err != nil {
		return nil, err
	}
	return &port{file: f, raw: raw}, nil
}

func (p *port) call() { p.called.Store(true) }

func (p *port) hangUp() {
	p.called.Store(false)
	_ = p.file.SetDeadline(time.Now())
}

func (p *port) free() { _ = p.file.SetDeadline(time.Time{}) }

func (p *port) Read(b []byte) (n int, err error) {
	waited := p.raw.Read(func(fd uintptr) bool {
		for {
			n, err = unix.Read(int(fd), b)
			if !errors.Is(err, unix.EINTR) {
				break
			}
		}
		return !errors.Is(err, unix.EAGAIN) && (n != 0 || err != nil || p.called.Load())
	})
	switch {
	case waited != nil:
		return 0, waited
	case err != nil:
		return 0, err
	case n == 0:
		return 0, io.EOF
	}
	return n, nil
}

func (p *port) Write(b []byte) (n int, err error) {
	for n < len(b) && err == nil {
		waited := p.raw.Write(func(fd uintptr) bool {
			var some int
			if some, err = unix.Write(int(fd), b[n:]); some > 0 {
				n += some
			}
			return !errors.Is(err, unix.EAGAIN)
		})
		if waited != nil {
			return n, waited
		}
		if errors.Is(err, unix.EINTR) {
			err = nil
		}
	}
	return n, err
}
