package attempt

import (
	"errors"
	"os"
	"sync"
)

// A sweeper removes directories while the next attempt begins. The zero value
// is ready; its methods may be called concurrently, remove not after wait.
type sweeper struct {
	wg   sync.WaitGroup
	mu   sync.Mutex
	errs []error
}

// remove begins to remove dir.
func (s *sweeper) remove(dir string) {
	s.wg.Go(func() {
		if err := os.RemoveAll(dir); err != nil {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.errs = append(s.errs, err)
		}
	})
}

// wait returns when all is removed, with what could not be.
func (s *sweeper) wait() error {
	s.wg.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	return errors.Join(s.errs...)
}
