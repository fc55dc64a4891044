package benchtest

import (
	"context"
	"errors"
	"time"

	"github.com/benchtest-dev/benchtest/fixtures"
	"github.com/benchtest-dev/benchtest/reports/progress"
)

// openProgress begins to show how the attempts go on.
func (s *suite) openProgress(context.Context, string) error {
	budget := smaller(s.capacity, s.set.caps())
	cfg := progress.Config{
		Screen: s.out.screen, Lines: s.out.lines(), MemoryMiB: budget.MemoryMiB,
		Hide: s.secrets.String, Typical: s.runner.History.Typical,
	}
	demands := map[string]fixtures.Demand{}
	for _, sc := range s.sel.chosen {
		demands[sc.Key] = s.demand(sc)
		cfg.Plan = append(cfg.Plan, progress.Plan{
			Key: sc.Key, Attempts: max(s.rounded()-len(s.recorded[sc.Key]), 0), MemoryMiB: demands[sc.Key].MemoryMiB,
		})
	}
	cfg.Forecast = func(left []progress.Left) time.Duration {
		loads := make([]load, len(left))
		for i, l := range left {
			loads[i] = load{attempts: l.Attempts, each: l.Each, demand: demands[l.Key]}
		}
		return forecast(loads, budget, s.set.maxConcurrent)
	}
	t := progress.Start(cfg)
	s.runner.Progress = t
	stop := context.AfterFunc(s.ctx, s.cut)
	s.undo = append(s.undo, func(context.Context) error {
		stop()
		t.Close()
		return nil
	})
	return nil
}

// cut leaves the terminal to what is printed at the end of a run that is cut.
// Where go test keeps that back, who pressed Ctrl-C is told here.
func (s *suite) cut() {
	s.runner.Progress.Erase()
	if why, ok := s.signal(); ok && s.out.place == controlling {
		tell(s.out.screen, "%s", why.ending())
	}
}

// signal is the one that has ended the run early.
func (s *suite) signal() (why errSignal, ok bool) {
	ok = errors.As(context.Cause(s.ctx), &why)
	return why, ok
}
