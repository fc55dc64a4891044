package bastion

import (
	"strings"
	"sync"
)

const (
	maxTypedLine  = 4 << 10
	maxTypedLines = 4 << 10
)

// typed guesses the lines that a client entered from the bytes it sent: it
// knows the erasing keys and drops cursor keys. The zero value is ready.
type typed struct {
	mu        sync.Mutex
	line      []byte
	lines     []string
	escape    escape
	truncated bool
}

// escape is where in a key's escape sequence the input stands.
type escape int

const (
	plain   escape = iota
	escaped        // after ESC
	control        // after ESC [ or ESC O, until its final byte
)

func (t *typed) write(p []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, c := range p {
		t.key(c)
	}
}

func (t *typed) key(c byte) {
	if t.escape != plain {
		t.skip(c)
		return
	}
	switch c {
	case 0x1b:
		t.escape = escaped
	case '\r', '\n', 0x04: // ^D on an empty line has nothing to enter
		t.enter()
	case 0x7f, '\b':
		t.line = t.line[:max(0, len(t.line)-1)]
	case 0x15, 0x03: // ^U, ^C
		t.line = t.line[:0]
	case 0x17: // ^W
		kept := strings.TrimRight(string(t.line), " ")
		t.line = t.line[:strings.LastIndexByte(kept, ' ')+1]
	default:
		switch {
		case c < ' ' && c != '\t':
		case len(t.line) < maxTypedLine:
			t.line = append(t.line, c)
		default:
			t.truncated = true
		}
	}
}

// skip takes one byte of an escape sequence.
func (t *typed) skip(c byte) {
	switch {
	case t.escape == escaped && (c == '[' || c == 'O'):
		t.escape = control
	case t.escape == control && c < 0x40: // parameters; the final byte is above
	default:
		t.escape = plain
	}
}

func (t *typed) enter() {
	line := strings.TrimSpace(string(t.line))
	t.line = t.line[:0]
	switch {
	case line == "":
	case len(t.lines) == maxTypedLines:
		t.truncated = true
	default:
		t.lines = append(t.lines, strings.ToValidUTF8(line, "\uFFFD"))
	}
}

// all ends the input and returns its lines.
func (t *typed) all() (lines []string, truncated bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.enter()
	return t.lines, t.truncated
}
