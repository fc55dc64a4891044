package rescore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/benchtest-dev/benchtest/reports"
	"github.com/benchtest-dev/benchtest/reports/store"
)

// A Database is runs in a database, whose directories may be on another machine
// or gone.
type Database struct {
	DB *store.DB
	// Runs are the directories of this machine. A verdict on an attempt of a run
	// that has one is recorded there too, and there first: it is the truth.
	Runs Runs
}

// Attempts implements Store. It holds the IDs of one run's attempts, and some
// attempts without their evidence.
func (d Database) Attempts(ctx context.Context, c Choice) iter.Seq2[*reports.Attempt, error] {
	return func(yield func(*reports.Attempt, error) bool) {
		of := c.filter()
		of.Since = time.Time{} // of attempts: a run that began before may have some
		runs, err := d.DB.Benchmarks(ctx, of)
		if err != nil {
			yield(nil, err)
			return
		}
		for _, run := range slices.Backward(runs) { // the latest comes first
			for a, err := range d.ofRun(ctx, run.Info.RunID, c) {
				if !yield(a, err) || err != nil {
					return
				}
			}
		}
	}
}

// ofRun yields the attempts of one run that c chooses.
func (d Database) ofRun(ctx context.Context, run string, c Choice) iter.Seq2[*reports.Attempt, error] {
	return func(yield func(*reports.Attempt, error) bool) {
		f := c.filter()
		f.Benchmarks = []string{run}
		ids, err := d.DB.ReportIDs(ctx, f)
		if err != nil {
			yield(nil, err)
			return
		}
		for some := range slices.Chunk(ids, store.JudgedAtOnce) {
			list, err := d.DB.ReadJudged(ctx, some...)
			if err != nil {
				yield(nil, err)
				return
			}
			for i := range list {
				if c.Chooses(&list[i]) && !yield(&list[i], nil) {
					return
				}
			}
		}
	}
}

// filter is c as far as the database can choose.
func (c Choice) filter() store.Filter {
	f := store.Filter{Since: c.Since}
	if c.Benchmark != "" {
		f.Benchmarks = []string{c.Benchmark}
	} else if run, _, ofJob := strings.Cut(c.Job, "/"); ofJob {
		f.Benchmarks = []string{run}
	}
	if c.Scenario != "" {
		f.Scenarios = []string{c.Scenario}
	}
	return f
}

// Evidence implements Store.
func (d Database) Evidence(ctx context.Context, a *reports.Attempt, r *reports.EvidenceReader) (reports.Evidence, error) {
	return d.DB.Judged(ctx, a, r)
}

// Append implements Store.
func (d Database) Append(ctx context.Context, a *reports.Attempt, v reports.Verdict) error {
	if err := d.Runs.Append(ctx, a, v); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if _, err := d.DB.AddVerdict(ctx, a.ID(), v); err != nil {
		return fmt.Errorf("store verdict: %w", err)
	}
	return nil
}
