package progress

import (
	"bytes"
	"fmt"
	"io"
	"sync"
)

// A Screen is a terminal with a block of lines that change at its end. The
// cursor is neither hidden nor ever moved above where it was found: between two
// drawings it stands in the first line of the block. So what others print
// meanwhile goes over the block, never the block over that, and a process that
// dies leaves nothing to restore. Its methods may be called concurrently.
type Screen struct {
	// Color allows colours. It is set before the Screen is used.
	Color bool

	size func() (columns, rows int)

	mu     sync.Mutex
	w      io.Writer
	drawn  string // the block as it stands there; empty: it does not
	lines  []string
	midway bool // what was printed last did not end its line
	closed bool
}

// NewScreen makes a Screen of the terminal behind w. size is how large that is;
// 0, 0 while nothing may be drawn, since somebody else has it.
func NewScreen(w io.Writer, size func() (columns, rows int)) *Screen {
	return &Screen{w: w, size: size}
}

// Size is how large the terminal is; 0, 0 while nothing may be drawn.
func (s *Screen) Size() (columns, rows int) { return s.size() }

const (
	eraseBelow = "\r\x1b[J" // from the beginning of the line to the end of the screen
	eraseRest  = "\x1b[K"   // to the end of the line
)

// Draw shows lines, each no wider than the terminal, in place of those before.
func (s *Screen) Draw(lines []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines = lines
	s.draw()
}

// draw ignores errors: a terminal that is gone is no reason to stop.
func (s *Screen) draw() {
	if s.closed || s.midway || len(s.lines) == 0 {
		return
	}
	var b bytes.Buffer
	for i, l := range s.lines {
		if i > 0 {
			b.WriteString("\r\n")
		} else {
			b.WriteByte('\r')
		}
		b.WriteString(l + eraseRest)
	}
	b.WriteString("\x1b[J")
	if up := len(s.lines) - 1; up > 0 {
		fmt.Fprintf(&b, "\x1b[%dA", up)
	}
	b.WriteByte('\r')
	if b.String() == s.drawn {
		return
	}
	s.drawn = b.String()
	_, _ = s.w.Write(b.Bytes()) // in one piece
}

// Write prints p above the block. It may hold part of a line.
func (s *Screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(p) == 0 {
		return 0, nil
	}
	out := p
	if s.drawn != "" {
		s.drawn = ""
		if columns, _ := s.size(); columns > 0 {
			out = append([]byte(eraseBelow), p...)
		}
	}
	n, err := s.w.Write(out)
	s.midway = p[len(p)-1] != '\n'
	if columns, _ := s.size(); columns > 0 && err == nil {
		s.draw()
	}
	return min(n, len(p)), err
}

// Close takes the block away for good. What is written is still printed.
func (s *Screen) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if s.drawn == "" {
		return
	}
	s.drawn = ""
	if columns, _ := s.size(); columns > 0 {
		_, _ = io.WriteString(s.w, eraseBelow)
	}
}
