package reports

import (
	"sync"
	"time"
)

// saveRest is how long the disk is left in peace after each save: a journalling
// file system holds up everybody who makes a file while it commits, and so many
// attempts share one commit.
const saveRest = 100 * time.Millisecond

// A saver brings a file to the disk behind its writers' backs. What went wrong
// there is the next call's error.
type saver struct {
	sync func() error

	mu     sync.Mutex
	wanted bool // there is something to save
	busy   bool // the saving goroutine runs
	failed error
	ended  bool
	closed chan struct{}
	wg     sync.WaitGroup
}

func newSaver(sync func() error) *saver { return &saver{sync: sync, closed: make(chan struct{})} }

// save returns when all that was written is on the disk.
func (s *saver) save() error {
	if err := s.took(); err != nil {
		return err
	}
	return s.sync()
}

// soon has what was written saved within saveRest and two saves.
func (s *saver) soon() error {
	s.mu.Lock()
	s.wanted = true
	if !s.busy && !s.ended {
		s.busy = true
		s.wg.Go(s.run)
	}
	s.mu.Unlock()
	return s.took()
}

// run saves until nothing is left to save.
func (s *saver) run() {
	for s.next() {
		err := s.sync()
		s.mu.Lock()
		if err != nil {
			s.failed = err
		}
		s.mu.Unlock()
		select {
		case <-time.After(saveRest):
		case <-s.closed: // close saves what is left
		}
	}
}

// next reports whether there is something to save.
func (s *saver) next() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy = s.wanted
	s.wanted = false
	return s.busy
}

// took is what went wrong since it was last asked.
func (s *saver) took() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.failed
	s.failed = nil
	return err
}

// close ends it, when all is saved that soon was called for. It is idempotent.
func (s *saver) close() error {
	s.mu.Lock()
	if !s.ended {
		s.ended = true
		close(s.closed)
	}
	s.mu.Unlock()
	s.wg.Wait()
	return s.took()
}
