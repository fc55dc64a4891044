package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/benchtest-dev/benchtest/reports"
	"github.com/benchtest-dev/benchtest/reports/page"
)

// What report.html is written of.
const (
	htmlAttempts = 200
	htmlHistory  = 3 // runs before, of as many attempts
	htmlRounds   = 21
)

// measureHTML writes report.html, read from the record and evidence of a run.
// The control writes the same bytes to another file.
func measureHTML(ctx context.Context) (r []reading, err error) {
	rec, err := ownRecording(ctx)
	if err != nil {
		return nil, err
	}
	originals, err := rec.originals()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("/var/tmp", "benchtest-perf-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	runs := filepath.Join(dir, "runs")
	var last string
	for i := range htmlHistory + 1 {
		last = filepath.Join(runs, fmt.Sprintf("20260101T0000%02dZ-perf00", i))
		if err := writeRun(last, originals, i*htmlAttempts, htmlAttempts); err != nil {
			return nil, err
		}
	}
	of, err := reports.ReadRecord(filepath.Join(last, reports.EventsFile))
	if err != nil {
		return nil, err
	}
	run := page.Run{Info: of.Info, Finished: of.Finished.At, Attempts: of.Attempts}
	name := filepath.Join(last, "report.html")
	ours := func(ctx context.Context) (time.Duration, error) {
		begin := time.Now()
		err := page.WriteFile(ctx, name, runs, run, nil)
		return time.Since(begin), err
	}
	if _, err := ours(ctx); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	control := func(context.Context) (time.Duration, error) {
		begin := time.Now()
		err := os.WriteFile(filepath.Join(dir, "same.html"), text, 0o644)
		return time.Since(begin), err
	}
	took, plain, err := pairs(ctx, htmlRounds, ours, control)
	if err != nil {
		return nil, err
	}
	return []reading{{
		value: took.median().Seconds() * 1e3, n: len(took), spread: fmt.Sprintf("%s..%s", show(took.quantile(0)), show(took.quantile(1))),
		detail: fmt.Sprintf("%.3gMB for %d attempts among %d runs before, %s; the same bytes with os.WriteFile %s", float64(len(text))/1e6, htmlAttempts, htmlHistory, took, plain),
	}}, nil
}
