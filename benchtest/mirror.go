package benchtest

import (
	"fmt"
	"io"
	"os"
	"regexp"
	"syscall"
)

// A mirror copies what the process prints to a file, without ANSI sequences.
type mirror struct{ close func() }

// mirrorOutput makes path a copy of standard output from now on; an empty path
// does nothing. The tests print through file descriptor 1, so that is what is
// replaced.
func mirrorOutput(path string) (mirror, error) {
	if path == "" {
		return mirror{close: func() {}}, nil
	}
	f, err := os.Create(path)
	if err != nil {
		return mirror{}, fmt.Errorf("-benchtest.log-file: %w", err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		f.Close()
		return mirror{}, fmt.Errorf("-benchtest.log-file: %w", err)
	}
	fd, err := syscall.Dup(1)
	if err != nil {
		return mirror{}, fmt.Errorf("-benchtest.log-file: %w", err)
	}
	syscall.CloseOnExec(fd)
	real := os.NewFile(uintptr(fd), "stdout")
	stdout := os.Stdout
	os.Stdout = w
	done := make(chan struct{})
	go func() {
		defer close(done)
		// Output that cannot be mirrored still has to be printed.
		_, _ = io.Copy(io.MultiWriter(real, plain{f}), r)
	}()
	return mirror{close: func() {
		os.Stdout = stdout
		w.Close()
		<-done
		real.Close()
		f.Close()
	}}, nil
}

// ansi matches the escape sequences of ECMA-48: CSI, OSC and two-byte ones.
var ansi = regexp.MustCompile("\x1b(\\[[0-?]*[ -/]*[@-~]|\\][^\x07\x1b]*(\x07|\x1b\\\\)|[@-Z\\\\-_])")

// plain writes without ANSI sequences. One that is split over two writes
// stays; go test prints whole lines.
type plain struct{ w io.Writer }

func (p plain) Write(b []byte) (int, error) {
	if _, err := p.w.Write(ansi.ReplaceAll(b, nil)); err != nil {
		return 0, err
	}
	return len(b), nil
}
