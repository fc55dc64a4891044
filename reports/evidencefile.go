package reports

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"os"
	"sync"

	"github.com/benchtest-dev/benchtest/reports/redact"
)

// record is an evidence file that is written in whole pieces, each chained as
// soon as it is there.
type record struct {
	name  string
	chain *chain

	mu     sync.Mutex
	file   *os.File
	offset int64
}

func (r *record) append(piece []byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	n, err := r.file.Write(piece)
	if n > 0 {
		// Also half a piece is on the disk and must not pass for tampering.
		l := Link{File: r.name, Offset: r.offset, Bytes: int64(n), SHA256: digest(piece[:n])}
		r.offset += int64(n)
		if err := r.chain.add(l); err != nil {
			return err
		}
	}
	return err
}

// stream is an evidence file that comes in bits; it is chained when it ends.
type stream struct {
	*Bounded
	name  string
	chain *chain
	file  *os.File
	sum   *counter
	once  sync.Once
	err   error

	redactor *redact.Writer // nil: nothing is secret
}

// hide keeps secrets out of what is written from now on.
func (s *stream) hide(secrets *redact.Set) {
	if secrets == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.redactor = secrets.Writer(s.W)
	s.W = s.redactor
}

func newStream(name string, f *os.File, c *chain, limit int64) *stream {
	sum := &counter{hash: sha256.New()}
	return &stream{
		Bounded: &Bounded{W: io.MultiWriter(f, sum), Max: limit},
		name:    name, chain: c, file: f, sum: sum,
	}
}

// Close ends the stream. It is idempotent.
func (s *stream) Close() error {
	s.once.Do(func() {
		s.mu.Lock() // a late writer finds the file closed, not half chained
		defer s.mu.Unlock()
		if s.redactor != nil {
			s.err = s.redactor.Flush()
		}
		if s.err = errors.Join(s.err, s.file.Close()); s.err == nil && s.sum.n > 0 {
			s.err = s.chain.add(Link{File: s.name, Bytes: s.sum.n, SHA256: hex.EncodeToString(s.sum.hash.Sum(nil))})
		}
	})
	return s.err
}

// counter hashes and counts what passes.
type counter struct {
	hash hash.Hash
	n    int64
}

func (c *counter) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	return c.hash.Write(p)
}
