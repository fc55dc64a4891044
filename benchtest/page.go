package benchtest

import (
	"context"
	"path/filepath"
	"slices"
	"time"

	"github.com/benchtest-dev/benchtest/reports"
	"github.com/benchtest-dev/benchtest/reports/page"
)

// writePage writes report.html.
func (s *suite) writePage(dir string, end reports.Event) error {
	ctx := context.WithoutCancel(s.ctx) // a run that was cut has a report too
	run := page.Run{Info: *s.info(), Finished: time.Now(), Exit: end.Exit, Reason: end.Reason, Attempts: s.attempts}
	if s.resumed != nil {
		run.Attempts = slices.Concat(run.Attempts, s.resumed.remade)
	}
	return page.WriteFile(ctx, filepath.Join(dir, "report.html"), filepath.Dir(s.runner.Record.Dir), run, s.repeat)
}
