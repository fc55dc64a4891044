package benchtest

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/scenario"
	"github.com/benchtest-dev/benchtest/reports"
)

// A resumption is a run that this one goes on with.
type resumption struct {
	run *reports.Run
	rec reports.Recorded
	cut map[string][]reports.Attempt // that are to be made again, by key
	// remade are those that were; before this run was resumed too.
	remade []reports.Attempt
	again  int // how many of them by this process
}

// resumedNotes say why the record has more attempts than the summary.
func (s *suite) resumedNotes() (notes []string) {
	if s.resumed == nil {
		return nil
	}
	if n := s.resumed.again; n > 0 {
		notes = append(notes, fmt.Sprintf("%d attempts that were cut before are made again: the record has both, and whoever reads it counts the second", n))
	}
	left := 0
	for _, byKey := range []map[string][]reports.Attempt{s.recorded, s.resumed.cut} {
		for _, list := range byKey {
			left += len(list)
		}
	}
	if left > 0 {
		notes = append(notes, fmt.Sprintf("%d attempts that the run made before were not asked for, and are not counted here: whoever reads the record counts them", left))
	}
	return notes
}

// remake takes the next attempt that was cut for one that is made again.
func (r *resumption) remake(key string) {
	if list := r.cut[key]; len(list) > 0 {
		list[0].Remade = true
		r.remade, r.cut[key] = append(r.remade, list[0]), list[1:]
		r.again++
	}
}

// resume opens the run that -benchtest.resume names. What its killed process
// left without a verdict has one then, and is made again under the next number,
// like what was cut.
func (s *suite) resume() error {
	runs := filepath.Join(s.home, "runs")
	ids, err := reports.RunsDir(runs).IDs(s.ctx, time.Time{})
	if err != nil {
		return fmt.Errorf("-benchtest.resume: %w", err)
	}
	id, err := reports.Match(s.set.resume, ids)
	if err != nil {
		return fmt.Errorf("-benchtest.resume: %w, in %s", err, runs)
	}
	run, err := reports.OpenRun(runs, id)
	if err != nil {
		return fmt.Errorf("-benchtest.resume: %w", err)
	}
	rec, err := run.Recover()
	if err == nil {
		err = s.fits(rec)
	}
	if err != nil {
		_ = run.Close() // err says more
		return fmt.Errorf("-benchtest.resume=%s: %w", s.set.resume, err)
	}
	s.resumed = &resumption{run: run, rec: rec, cut: map[string][]reports.Attempt{}}
	s.set.seed = rec.Info.Seed
	for _, a := range rec.Attempts {
		s.rounds[a.Key] = max(s.rounds[a.Key], a.Iteration)
		switch {
		case a.Remade:
			s.resumed.remade = append(s.resumed.remade, a)
		case a.Cut:
			s.resumed.cut[a.Key] = append(s.resumed.cut[a.Key], a)
		default:
			s.recorded[a.Key] = append(s.recorded[a.Key], a)
		}
	}
	return nil
}

// fits refuses to put attempts of another kind into the run's record.
func (s *suite) fits(rec reports.Recorded) error {
	if rec.Info.RunID == "" {
		return errors.New("its record does not say how it began: make a new run")
	}
	for _, is := range []struct{ flag, then, now string }{
		{"provider", rec.Info.Provider, s.provider}, {"engine", rec.Info.Engine, s.set.engine}, {"gateway", rec.Info.Gateway, s.set.gateway},
	} {
		if is.then != is.now {
			return fmt.Errorf("it was made with %s %s, not %s: pass -benchtest.%s=%s", is.flag, is.then, is.now, is.flag, is.then)
		}
	}
	if s.set.seed != 0 && s.set.seed != rec.Info.Seed {
		return fmt.Errorf("its seed is %d: leave -benchtest.seed out", rec.Info.Seed)
	}
	for _, a := range rec.Attempts {
		i := slices.IndexFunc(s.sel.chosen, func(sc *scenario.Scenario) bool { return sc.Key == a.Key })
		if i >= 0 && !a.Cut && a.Digests.Scenario != s.sel.chosen[i].Digest {
			return fmt.Errorf("%s has changed since: make a new run", a.Key)
		}
	}
	return nil
}

// A turn is one attempt at a scenario: one that the resumed run has made, or the
// number of one that is to be made.
type turn struct {
	made reports.Attempt
	next int
}

func (t turn) number() int { return max(t.made.Iteration, t.next) }

// turn is the next attempt at a scenario: -count goes on where it was.
func (s *suite) turn(key string) turn {
	s.mu.Lock()
	defer s.mu.Unlock()
	if left := s.recorded[key]; len(left) > 0 {
		s.recorded[key] = left[1:]
		return turn{made: left[0]}
	}
	if s.resumed != nil {
		s.resumed.remake(key)
	}
	s.rounds[key]++
	return turn{next: s.rounds[key]}
}
