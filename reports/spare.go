package reports

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
)

// spares keeps directories for attempts ready, with all their files open: making
// one takes longer than to give it its name. It keeps as many as were in use at
// once, since those that began together often end together.
type spares struct {
	root *os.Root // the run's
	path string

	mu     sync.Mutex
	ready  []*AttemptDir
	inUse  int
	most   int // in use at once, so far
	making bool
	closed bool
	made   int
	wg     sync.WaitGroup
}

// spareName is what spares are called below attempts/, which no key is.
const spareName = ".next-"

// maxSpares bounds how many are ready: each holds a dozen files open.
const maxSpares = 16

// take returns a spare, or makes a directory now. The caller gives it back.
func (s *spares) take() (*AttemptDir, error) {
	s.mu.Lock()
	s.inUse++
	s.most = max(s.most, s.inUse)
	if n := len(s.ready); n > 0 {
		d := s.ready[n-1]
		s.ready = s.ready[:n-1]
		s.mu.Unlock()
		return d, nil
	}
	s.made++
	n := s.made
	s.mu.Unlock()
	d, err := s.make(n)
	if err != nil {
		s.giveBack()
	}
	return d, err
}

// giveBack notes that one that was taken is closed.
func (s *spares) giveBack() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inUse--
}

// refill begins to make those that are missing, unless that goes on already.
func (s *spares) refill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.making || s.closed {
		return
	}
	s.making = true
	s.wg.Go(s.fill)
}

// fill makes spares until none is missing.
func (s *spares) fill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer func() { s.making = false }()
	for !s.closed && len(s.ready) < min(s.most, maxSpares) {
		s.made++
		n := s.made
		s.mu.Unlock()
		d, err := s.make(n)
		s.mu.Lock()
		if err != nil {
			return // the next attempt makes its own, and says what is wrong
		}
		s.ready = append(s.ready, d)
	}
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

// close removes the spares and makes no more.
func (s *spares) close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.wg.Wait()
	var errs []error
	for _, d := range s.ready {
		errs = append(errs, s.discard(d))
	}
	return errors.Join(errs...)
}
