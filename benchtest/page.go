package benchtest

import (
	"context"
	"io"
	"path/filepath"
	"time"

	"github.com/benchtest-dev/benchtest/reports"
	"github.com/benchtest-dev/benchtest/reports/page"
)

// Bounds of the runs before that report.html shows this one among.
const (
	historyRuns  = 24
	historyBytes = 32 << 20 // of their event logs
)

// writePage writes report.html. The runs before it are those of the same engine
// and provider: others say nothing of this one.
func (s *suite) writePage(dir string, end reports.Event) error {
	record := s.runner.Record
	source := page.RunDirs{Dir: filepath.Dir(record.Dir), MaxBytes: historyBytes}
	spans, err := source.Spans(record.ID)
	if err != nil {
		return err
	}
	ctx := context.WithoutCancel(s.ctx) // a run that was cut has a report too
	history, err := source.Outlines(ctx, page.Filter{Before: record.ID, Engine: s.set.engine, Provider: s.provider, Limit: historyRuns})
	if err != nil {
		return err
	}
	renderer, err := page.NewRenderer()
	if err != nil {
		return err
	}
	report := page.Report{
		Run: page.Run{
			Info: *s.info(), Finished: time.Now(), Exit: end.Exit, Reason: end.Reason, Attempts: s.attempts, Spans: spans,
		},
		History: history, Source: source, Repeat: s.repeat,
	}
	return reports.WriteFile(filepath.Join(dir, "report.html"), 0o644, func(w io.Writer) error {
		return renderer.Write(ctx, w, report)
	})
}
