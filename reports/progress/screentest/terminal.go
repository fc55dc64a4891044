// Package screentest is a terminal for tests: it shows what one would show that
// is given the same bytes.
package screentest

import (
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// A Terminal understands what package progress writes: text, line ends, colours,
// cursor up, erase to the end of the line and of the screen. Its methods may be
// called concurrently.
type Terminal struct {
	columns, rows int

	mu       sync.Mutex
	lines    [][]rune // what has scrolled away too
	row, col int
	rest     string // the beginning of an escape sequence
	unknown  []string
	writes   int
}

// New makes an empty Terminal.
func New(columns, rows int) *Terminal { return &Terminal{columns: columns, rows: rows} }

var sequence = regexp.MustCompile(`^\x1b\[([0-9;?]*)([A-Za-z])`)

// Write shows p.
func (t *Terminal) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.writes++
	text := t.rest + string(p)
	for t.rest = ""; text != ""; {
		if text[0] == '\x1b' {
			m := sequence.FindStringSubmatch(text)
			switch {
			case m == nil && len(text) < 16: // its end may come with the next bytes
				t.rest, text = text, ""
			case m == nil:
				t.unknown = append(t.unknown, text[:16])
				text = text[1:]
			default:
				t.do(m[1], m[2])
				text = text[len(m[0]):]
			}
			continue
		}
		r := []rune(text)[0]
		t.put(r)
		text = text[len(string(r)):]
	}
	return len(p), nil
}

// do is an escape sequence.
func (t *Terminal) do(arg, what string) {
	switch {
	case what == "m":
	case what == "A":
		n, _ := strconv.Atoi(arg) // none is 0, which terminals take for 1
		t.row = max(t.row-max(n, 1), t.top())
	case what == "K" && arg == "":
		t.line()
		t.lines[t.row] = t.lines[t.row][:min(t.col, len(t.lines[t.row]))]
	case what == "J" && arg == "":
		t.line()
		t.lines[t.row] = t.lines[t.row][:min(t.col, len(t.lines[t.row]))]
		t.lines = t.lines[:t.row+1]
	default:
		t.unknown = append(t.unknown, "\x1b["+arg+what)
	}
}

// top is the first row that has not scrolled away.
func (t *Terminal) top() int { return max(len(t.lines)-t.rows, 0) }

// line makes the cursor's row one that is there.
func (t *Terminal) line() {
	for len(t.lines) <= t.row {
		t.lines = append(t.lines, nil)
	}
}

func (t *Terminal) put(r rune) {
	switch {
	case r == '\r':
		t.col = 0
		return
	case r == '\n':
		t.row, t.col = t.row+1, 0 // as a terminal in its usual mode
		t.line()
		return
	case r == '\t':
		t.col = min(t.col/8*8+8, t.columns-1)
		return
	case r < ' ' || r >= 0x7f && r < 0xa0:
		t.unknown = append(t.unknown, string(r))
		return
	}
	if t.col == t.columns {
		t.row, t.col = t.row+1, 0
	}
	t.line()
	for len(t.lines[t.row]) <= t.col {
		t.lines[t.row] = append(t.lines[t.row], ' ')
	}
	t.lines[t.row][t.col] = r
	t.col++
}

// Text is all that is shown and has scrolled away, without blanks at the ends of
// lines and without empty lines at its end.
func (t *Terminal) Text() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	lines := make([]string, len(t.lines))
	for i, l := range t.lines {
		lines[i] = strings.TrimRight(string(l), " ")
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n")
}

// Below is how many lines that are not empty stand below the cursor's.
func (t *Terminal) Below() (n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, l := range t.lines[min(t.row+1, len(t.lines)):] {
		if strings.TrimSpace(string(l)) != "" {
			n++
		}
	}
	return n
}

// Unknown lists the control characters and sequences that it was not made for.
// What hides the cursor, wants another screen or asks for an answer is there.
func (t *Terminal) Unknown() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.unknown
}

// Writes is how often something was written.
func (t *Terminal) Writes() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.writes
}
