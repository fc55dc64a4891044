package benchtest

import (
	"context"
	"errors"
	"fmt"

	"github.com/benchtest-dev/benchtest/fixtures"
)

// openScratch makes the directory that the run's attempts work in on the
// driver: keys, sockets and engines' working directories.
func (s *suite) openScratch(_ context.Context, run string) error {
	scratch, err := fixtures.NewScratch(s.runner.Journal, run)
	if err != nil {
		return fmt.Errorf("make the run's scratch directory: %w", err)
	}
	s.runner.Scratch = scratch.Dir
	s.undo = append(s.undo, func(context.Context) error { return errors.Join(s.runner.Close(), scratch.Close()) })
	return nil
}
