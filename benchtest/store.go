package benchtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/benchtest-dev/benchtest/reports/store"
)

// storeLimit is how long a run that is over waits for its database.
const storeLimit = 5 * time.Second

// chooseStore finds the database that -benchtest.db names; nothing is opened.
func (s *suite) chooseStore() error {
	target, err := store.ParseTarget(s.set.db, s.home)
	switch {
	case errors.Is(err, store.ErrNone):
		return nil
	case err != nil:
		return fmt.Errorf("-benchtest.db: %w", err)
	}
	s.target = &target
	return nil
}

// openStore begins to bring the run into its database, behind its back.
func (s *suite) openStore() (err error) {
	if s.target == nil {
		return nil
	}
	s.feeder, err = store.Feed(s.ctx, *s.target, s.runner.Record, s.runner.Log)
	return err
}

// closeStore waits a moment for the database. That it lacks something is told,
// and changes nothing else: the record is on the disk.
func (s *suite) closeStore() error {
	if s.feeder == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), storeLimit)
	defer cancel()
	if err := s.feeder.Close(ctx); err != nil {
		why := strings.Join(strings.Fields(err.Error()), " ") // PostgreSQL's are of several lines
		tell(os.Stderr, "benchtest: %s: the next run brings it, and so does go tool benchtest import %s", why, s.runner.Record.Dir)
	}
	return nil
}
