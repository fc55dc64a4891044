package redact

import (
	"io"
	"sync"
)

// A Writer redacts what is written through it, also where a secret comes in
// pieces: it holds back as many bytes as a secret may still begin in. Its methods
// may be called concurrently. Who made it calls Flush at the end.
type Writer struct {
	set *Set
	to  io.Writer

	mu   sync.Mutex
	held []byte
	// marked: the last byte that was passed belonged to a secret, and hidden more
	// at the beginning of held do; their mark is written.
	marked bool
	hidden int
}

// Writer makes a Writer to w. With the nil Set it passes everything on.
func (s *Set) Writer(w io.Writer) *Writer { return &Writer{set: s, to: w} }

// Write takes all of p, or returns the error of the writer behind it.
func (w *Writer) Write(p []byte) (int, error) {
	if w.set == nil {
		return w.to.Write(p)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.held = append(w.held, p...)
	n := len(w.held) - w.set.longest + 1
	if n <= 0 {
		return len(p), nil
	}
	return len(p), w.pass(n)
}

// Flush writes what is held back: nothing more is to come, or it is to be seen
// now, when a secret that comes in pieces may pass.
func (w *Writer) Flush() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.held) == 0 {
		return nil
	}
	return w.pass(len(w.held))
}

// pass writes the first n bytes that are held, redacted.
func (w *Writer) pass(n int) error {
	spans := w.set.find(w.held)
	if w.hidden > 0 {
		spans = joined(append(spans, span{0, w.hidden}))
	}
	var out []byte
	at, hidden, marked := 0, 0, false
	for _, f := range spans {
		if f.from >= n {
			break
		}
		out = append(out, w.held[at:f.from]...)
		if f.from > 0 || !w.marked {
			out = append(out, Mark...)
		}
		at, hidden = min(f.to, n), max(0, f.to-n)
		marked = f.to >= n
	}
	if at < n {
		out = append(out, w.held[at:n]...)
	}
	w.held = append(w.held[:0], w.held[n:]...)
	w.hidden, w.marked = hidden, marked
	if len(out) == 0 {
		return nil
	}
	_, err := w.to.Write(out)
	return err
}
