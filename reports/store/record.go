package store

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/benchtest-dev/benchtest/reports"
)

// A DB is a reports.Source too. Of a run that goes on, or whose process was
// killed, it has what was brought so far.
var _ reports.Source = (*DB)(nil)

// Record implements reports.Source. The name is a run's ID.
func (db *DB) Record(ctx context.Context, name string) (reports.Record, error) {
	of := Filter{Benchmarks: []string{name}}
	found, err := db.Benchmarks(ctx, of)
	if err != nil {
		return reports.Record{}, err
	}
	if len(found) == 0 {
		return reports.Record{}, fmt.Errorf("find run %q: %w in %s", name, fs.ErrNotExist, db.target)
	}
	rec := reports.Record{Info: found[0].Info}
	if end := found[0].End; end != nil {
		rec.Finished = &reports.Event{Kind: reports.RunFinished, At: end.At, RunID: name, Exit: end.Exit, Reason: end.Reason}
	}
	if rec.Attempts, err = db.Reports(ctx, of); err != nil {
		return reports.Record{}, err
	}
	const ofRun = "report_id IN (SELECT id FROM scenario_reports WHERE benchmark_id = $1)"
	rowOf := func(a *reports.Attempt) string { return text(a.ID()) }
	if err := db.fillVerdicts(ctx, rec.Attempts, rowOf, ofRun, name); err != nil {
		return reports.Record{}, fmt.Errorf("read attempts of %s: %w", name, err)
	}
	return rec, nil
}

// IDs implements reports.Source.
func (db *DB) IDs(ctx context.Context, since time.Time) ([]string, error) {
	list, err := db.Benchmarks(ctx, Filter{Since: since})
	if err != nil {
		return nil, err
	}
	ids := make([]string, 0, len(list))
	for _, b := range slices.Backward(list) { // the latest comes first
		ids = append(ids, b.Info.RunID)
	}
	return ids, nil
}

// ReadEvidence implements reports.Source. The database was fed from a directory
// whose digests were right or told; here it is believed.
func (db *DB) ReadEvidence(ctx context.Context, _ reports.Record, a *reports.Attempt, want reports.Wanted) (reports.Evidence, error) {
	return db.Judged(ctx, a, &reports.EvidenceReader{Decoder: &reports.Decoder{Want: want}})
}
