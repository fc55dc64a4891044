package reports

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
)

// spares keeps one directory for an attempt ready, with all its files open:
// making them takes longer than to give the directory its name.
type spares struct {
	root *os.Root // the run's
	path string

	mu     sync.Mutex
	ready  *AttemptDir
	making bool
	closed bool
	made   int
	wg     sync.WaitGroup
}

// spareName is what spares are called below attempts/, which no key is.
const spareName = ".next-"

// take returns the spare, or makes a directory now.
func (s *spares) take() (*AttemptDir, error) {
	s.mu.Lock()
	d := s.ready
	s.ready = nil
	s.made++
	n := s.made
	s.mu.Unlock()
	if d != nil {
		return d, nil
	}
	return s.make(n)
}

// refill begins to make the next one, unless one is there or being made.
func (s *spares) refill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ready != nil || s.making || s.closed {
		return
	}
	s.making = true
	s.made++
	n := s.made
	s.wg.Go(func() {
		d, err := s.make(n)
		s.mu.Lock()
		defer s.mu.Unlock()
		// Without one, the next attempt makes its own, and says what is wrong.
		if s.making = false; err == nil {
			s.ready = d
		}
	})
}

func (s *spares) make(n int) (*AttemptDir, error) {
	name := filepath.Join("attempts", spareName+strconv.Itoa(n))
	if err := s.root.MkdirAll(name, 0o700); err != nil {
		return nil, fmt.Errorf("create attempt directory: %w", err)
	}
	root, err := s.root.OpenRoot(name)
	if err != nil {
		return nil, fmt.Errorf("open attempt directory: %w", err)
	}
	d, err := newAttemptDir(root, filepath.ToSlash(name), filepath.Join(s.path, name))
	if err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return d, nil
}

// discard removes one that nobody took.
func (s *spares) discard(d *AttemptDir) error {
	return errors.Join(d.Close(), s.root.RemoveAll(filepath.FromSlash(d.Name)))
}

// close removes the spare and makes no more.
func (s *spares) close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.wg.Wait()
	if s.ready == nil {
		return nil
	}
	return s.discard(s.ready)
}
