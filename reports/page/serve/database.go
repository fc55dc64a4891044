package serve

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/reports"
	"github.com/benchtest-dev/benchtest/reports/page"
	"github.com/benchtest-dev/benchtest/reports/store"
)

// Database is the page.Source of what is stored.
type Database struct{ Reader store.Reader }

// Outlines lists benchmarks with their counts, which the database makes: no
// record and no evidence of an attempt is read.
func (d Database) Outlines(ctx context.Context, f page.Filter) ([]page.Outline, error) {
	all, err := d.Reader.Benchmarks(ctx, store.Filter{Before: f.Before, Engine: f.Engine, Provider: f.Provider, Latest: f.Limit})
	if err != nil || len(all) == 0 {
		return nil, err
	}
	list, ids := make([]page.Outline, len(all)), make([]string, len(all))
	for i, b := range all {
		list[i], ids[i] = outline(b), b.Info.RunID
	}
	cells, err := d.Reader.Overview(ctx, store.Filter{Benchmarks: ids})
	if err != nil {
		return nil, err
	}
	for i := range list {
		list[i].Scenarios = scenariosOf(list[i].RunID, cells)
	}
	return list, nil
}

func outline(b store.Benchmark) page.Outline {
	o := page.Outline{RunID: b.Info.RunID, Started: b.Info.Started, Provider: b.Info.Provider, Engine: b.Info.Engine}
	if b.End != nil {
		o.Finished, o.Exit = b.End.At, b.End.Exit
	}
	return o
}

// scenariosOf adds up the counts of one run, which are sorted by run and scenario.
func scenariosOf(run string, cells []store.Cell) []page.Cell {
	var list []page.Cell
	from, _ := slices.BinarySearchFunc(cells, run, func(c store.Cell, id string) int { return strings.Compare(c.Benchmark, id) })
	for _, c := range cells[from:] {
		if c.Benchmark != run {
			break
		}
		if len(list) == 0 || list[len(list)-1].Key != c.Scenario {
			list = append(list, page.NewCell(c.Scenario))
		}
		list[len(list)-1].AddMany(c.Outcome, c.Attempts, c.Compliant)
	}
	return list
}

// Run reads the attempts of a benchmark, without the results of their rules.
func (d Database) Run(ctx context.Context, id string) (page.Run, error) {
	found, err := d.Reader.Benchmarks(ctx, store.Filter{Benchmarks: []string{id}})
	if err != nil {
		return page.Run{}, err
	}
	if len(found) == 0 {
		return page.Run{}, fmt.Errorf("run %s: %w", id, fs.ErrNotExist)
	}
	r := page.Run{Info: found[0].Info}
	if end := found[0].End; end != nil {
		r.Finished, r.Exit, r.Reason = end.At, end.Exit, end.Reason
	}
	r.Attempts, err = d.Reader.Reports(ctx, store.Filter{Benchmarks: []string{id}})
	return r, err
}

// Attempt reads one attempt with the results of its rules.
func (d Database) Attempt(ctx context.Context, runID, key string, iteration int) (reports.Attempt, error) {
	id := reports.Attempt{RunID: runID, Key: key, Iteration: iteration}
	s, err := d.Reader.Report(ctx, id.ID())
	return s.Attempt, absent(err)
}

// Evidence reads the job record and the end of the transcript.
func (d Database) Evidence(ctx context.Context, a reports.Attempt) (page.Evidence, error) {
	found, err := d.Reader.Evidence(ctx, a.ID())
	if err != nil {
		return page.Evidence{}, absent(err)
	}
	var e page.Evidence
	if len(found.Omitted) > 0 {
		e.Problem = "Too large for the database, and only in the run's directory: " + strings.Join(found.Omitted, ", ") + "."
	}
	e.TranscriptSkipped = int64(max(len(found.Transcript)-page.MaxTranscript, 0))
	e.Transcript = string(found.Transcript[e.TranscriptSkipped:])
	if len(found.Job) == 0 {
		return e, nil
	}
	var j rules.Job
	if err := json.Unmarshal(found.Job, &j); err != nil {
		return e, fmt.Errorf("read job record: %w", err)
	}
	e.Job = j
	return e, nil
}

// absent turns the store's word for what is not there into the page's.
func absent(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("%w: %w", fs.ErrNotExist, err)
	}
	return err
}
