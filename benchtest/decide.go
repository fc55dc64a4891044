package benchtest

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/benchtest-dev/benchtest/benchtest/scenario"
	"github.com/benchtest-dev/benchtest/benchtest/stats"
	"github.com/benchtest-dev/benchtest/reports"
	"github.com/benchtest-dev/benchtest/reports/store"
)

// readBaseline reads the run that the gate compares with, before anything is
// made: a run that cannot be compared is an error.
func (s *suite) readBaseline() error {
	name := s.set.gate.Baseline()
	if name == "" {
		return nil
	}
	from := store.Archive{Runs: reports.RunsDir(filepath.Join(s.home, "runs")), Target: s.target}
	rec, err := from.Record(s.ctx, name)
	if err = errors.Join(err, from.Close()); err != nil {
		return fmt.Errorf("-benchtest.fail=no-regression: %w", err)
	}
	s.baseline = reports.Tallies(rec.Attempts)
	for _, b := range s.baseline {
		if b.Scored > 0 && slices.ContainsFunc(s.sel.chosen, func(sc *scenario.Scenario) bool { return sc.Key == b.Key }) {
			return nil
		}
	}
	return fmt.Errorf("-benchtest.fail=no-regression=%s: that run scored none of the chosen scenarios (%s): choose others, or compare with another run", name, stats.Total(s.baseline))
}

// decide asks the gate, if there is one, and returns the run's exit status.
func (s *suite) decide(code int) int {
	if s.set.gate.Any() {
		return code
	}
	v := s.set.gate.Decide(reports.Tallies(s.attempts), s.baseline)
	s.verdict = &v
	if v.Failed {
		return max(code, 1)
	}
	return code
}
