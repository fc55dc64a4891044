package reports

import (
	"fmt"
	"io"
	"sync"
)

// A Bounded writer passes the first Max bytes on to W, then a mark that says
// where it was cut, then nothing. It never fails for being full, so that a
// flood does not end the program that makes it. It may be used concurrently.
type Bounded struct {
	W   io.Writer
	Max int64 // bytes

	mu  sync.Mutex
	n   int64
	cut bool
}

// Write is io.Writer's. An error is that of W.
func (b *Bounded) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.cut {
		return len(p), nil
	}
	head := p[:min(int64(len(p)), b.Max-b.n)]
	n, err := b.W.Write(head)
	b.n += int64(n)
	if err != nil {
		return n, err
	}
	if len(head) < len(p) {
		b.cut = true
		if _, err := fmt.Fprintf(b.W, "\n[benchtest: cut after %d bytes]\n", b.Max); err != nil {
			return n, err
		}
	}
	return len(p), nil
}

// Cut reports whether something was left out.
func (b *Bounded) Cut() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.cut
}
