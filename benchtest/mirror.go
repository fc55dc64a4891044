package benchtest

import (
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"sync"
)

// A mirror copies what the process prints to a file, without ANSI sequences.
type mirror struct {
	file    *os.File
	streams []*mirrored
	copying sync.WaitGroup
}

// A mirrored stream is os.Stdout or os.Stderr, for which a pipe stands in.
type mirrored struct {
	variable *(*os.File)
	real     *os.File
	pipe     *os.File // the end that is written to
}

// mirrorOutput makes path a copy of what is printed to os.Stdout and os.Stderr
// from now on; an empty path does nothing. What the runtime prints as it dies
// goes past these variables.
func mirrorOutput(path string) (*mirror, error) {
	m := &mirror{}
	if path == "" {
		return m, nil
	}
	var err error
	if m.file, err = os.Create(path); err != nil {
		return nil, fmt.Errorf("-benchtest.log-file: %w", err)
	}
	copyTo := &plain{w: m.file}
	for _, variable := range []*(*os.File){&os.Stdout, &os.Stderr} {
		if err := m.divert(variable, copyTo); err != nil {
			return nil, errors.Join(fmt.Errorf("-benchtest.log-file: %w", err), m.close())
		}
	}
	return m, nil
}

// divert puts a pipe in variable's place, out of which both get what comes.
func (m *mirror) divert(variable *(*os.File), file io.Writer) error {
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	s := &mirrored{variable: variable, real: *variable, pipe: w}
	m.streams = append(m.streams, s)
	*variable = w
	m.copying.Go(func() {
		defer r.Close()
		// Output that cannot be mirrored still has to be printed.
		_, _ = io.Copy(io.MultiWriter(s.real, file), r)
	})
	return nil
}

// close puts the streams back and waits until all is copied.
func (m *mirror) close() error {
	for _, s := range m.streams {
		*s.variable = s.real
		s.pipe.Close()
	}
	m.copying.Wait()
	if m.file == nil {
		return nil
	}
	return m.file.Close()
}

// ansi matches the escape sequences of ECMA-48: CSI, OSC and two-byte ones.
var ansi = regexp.MustCompile("\x1b(\\[[0-?]*[ -/]*[@-~]|\\][^\x07\x1b]*(\x07|\x1b\\\\)|[@-Z\\\\-_])")

// plain writes without ANSI sequences. One that is split over two writes
// stays; go test prints whole lines. It may be used concurrently. What it
// cannot write it drops.
type plain struct {
	mu sync.Mutex
	w  io.Writer
}

func (p *plain) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, _ = p.w.Write(ansi.ReplaceAll(b, nil))
	return len(b), nil
}
