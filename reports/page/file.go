package page

import (
	"context"
	"io"

	"github.com/benchtest-dev/benchtest/reports"
)

// Bounds of the runs before that report.html shows one among.
const (
	historyRuns  = 24
	historyBytes = 32 << 20 // of their event logs
)

// WriteFile writes report.html of a run to name. The record of the run is in
// runs, and so are those before it; of these it shows the ones of the same engine
// and provider: others say nothing of this one. Spans are read from the record.
func WriteFile(ctx context.Context, name, runs string, run Run, repeat func(reports.Attempt) string) error {
	source := RunDirs{Dir: runs, MaxBytes: historyBytes}
	var err error
	if run.Spans, err = source.Spans(run.Info.RunID); err != nil {
		return err
	}
	history, err := source.Outlines(ctx, Filter{Before: run.Info.RunID, Engine: run.Info.Engine, Provider: run.Info.Provider, Limit: historyRuns})
	if err != nil {
		return err
	}
	renderer, err := NewRenderer()
	if err != nil {
		return err
	}
	return reports.WriteFile(name, 0o644, func(w io.Writer) error {
		return renderer.Write(ctx, w, Report{Run: run, History: history, Source: source, Repeat: repeat})
	})
}
