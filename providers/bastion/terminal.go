package bastion

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"
)

// A terminal writes one session's stream as asciicast version 2, a JSON line
// each for what was shown ("o"), typed ("i") and resized ("r"). Its methods may
// be called concurrently.
type terminal struct {
	mu      sync.Mutex
	file    *os.File
	started time.Time
	left    int64
	total   *atomic.Int64     // what all terminals may still write
	partial map[string][]byte // the begin of a rune whose end has not come yet
	full    bool
}

// size is a terminal's width and height in characters.
type size struct{ Columns, Rows uint32 }

func newTerminal(file *os.File, r Record, s size, limit int64, total *atomic.Int64) (*terminal, error) {
	t := &terminal{file: file, started: time.Now(), left: limit, total: total, partial: map[string][]byte{}}
	header := map[string]any{
		"version": 2, "width": s.Columns, "height": s.Rows,
		"timestamp": t.started.Unix(), "title": r.Host, "command": r.Command,
	}
	if err := json.NewEncoder(file).Encode(header); err != nil {
		return nil, fmt.Errorf("record terminal: %w", err)
	}
	return t, nil
}

// write records p under code, as far as the limits go. Beyond them one marker
// says so; the session itself goes on.
func (t *terminal) write(code string, p []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.full || len(p) == 0 {
		return
	}
	n := int64(len(p))
	if n > t.left || t.total.Add(-n) < 0 {
		t.full = true
		t.event("m", "the stream goes on; the record's limit is reached")
		return
	}
	t.left -= n
	text := slices.Concat(t.partial[code], p)
	whole := wholeRunes(text)
	t.partial[code] = slices.Clone(text[whole:])
	t.event(code, string(text[:whole]))
}

func (t *terminal) resize(s size) {
	t.write("r", fmt.Appendf(nil, "%dx%d", s.Columns, s.Rows))
}

// event writes one line. A line that cannot be written ends the record: what
// is on disk must not have a hole in its middle.
func (t *terminal) event(code, text string) {
	if text == "" {
		return
	}
	err := json.NewEncoder(t.file).Encode([]any{time.Since(t.started).Seconds(), code, text})
	if err != nil {
		t.full = true
	}
}

// close ends the record and says whether it lacks something.
func (t *terminal) close() (truncated bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for code, rest := range t.partial {
		t.event(code, string(rest))
	}
	if err := t.file.Close(); err != nil {
		t.full = true
	}
	return t.full
}

// wholeRunes is the length of p without a rune at its end that is incomplete.
func wholeRunes(p []byte) int {
	for i := 1; i <= min(utf8.UTFMax, len(p)); i++ {
		if start := len(p) - i; utf8.RuneStart(p[start]) {
			if utf8.FullRune(p[start:]) {
				break
			}
			return start
		}
	}
	return len(p)
}
