package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/benchtest-dev/benchtest/reports"
)

// Imported says what Import brought.
type Imported struct {
	Attempts, Verdicts int // that the database had not
	// Interrupted were found without a verdict, and are errored now.
	Interrupted int
	// Running: the run goes on, and the rest of it comes with its end.
	Running bool
}

// ErrNoRun says that a directory holds no record.
var ErrNoRun = errors.New("is no run")

// Import brings what the run in dir recorded and the database has not. Attempts
// that its killed process left without a verdict get one first. Lines of the
// record that cannot be read are told in the error, beside what came of the
// others. It wraps ErrNoRun where there is nothing to import.
func Import(ctx context.Context, db *DB, dir string) (Imported, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return Imported{}, fmt.Errorf("find run: %w", err)
	}
	if info, err := os.Stat(filepath.Join(dir, reports.EventsFile)); err != nil || !info.Mode().IsRegular() {
		return Imported{}, fmt.Errorf("%s %w: it has no %s", dir, ErrNoRun, reports.EventsFile)
	}
	run, err := reports.OpenRun(filepath.Dir(dir), filepath.Base(dir))
	if errors.Is(err, reports.ErrRunning) {
		got, err := importRunning(ctx, db, dir)
		got.Running = true
		return got, err
	}
	if err != nil {
		return Imported{}, err
	}
	rec, recoverErr := run.Recover()
	got, err := replayAll(ctx, db, run.Root(), dir, run.Log.Size())
	got.Interrupted = len(rec.Interrupted)
	if err == nil && recoverErr == nil {
		err = db.dialect.settle(ctx, db.sql)
	}
	if err == nil && recoverErr == nil {
		err = confirm(dir, db.target)
	}
	return got, errors.Join(err, recoverErr, run.Close())
}

// importRunning brings what a run that goes on has recorded so far.
func importRunning(ctx context.Context, db *DB, dir string) (Imported, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return Imported{}, fmt.Errorf("open run: %w", err)
	}
	defer root.Close()
	info, err := root.Stat(reports.EventsFile)
	if err != nil {
		return Imported{}, fmt.Errorf("open run: %w", err)
	}
	return replayAll(ctx, db, root, dir, info.Size())
}

func replayAll(ctx context.Context, db Writer, root *os.Root, dir string, limit int64) (Imported, error) {
	r, err := newReplay(db, root, dir)
	if err != nil {
		return Imported{}, err
	}
	defer r.events.Close()
	err = r.advance(ctx, limit)
	if err == nil && r.bench.Info.RunID == "" {
		err = errors.New("the record does not say how the run began")
	}
	return Imported{Attempts: r.attempts, Verdicts: r.verdicts}, errors.Join(err, r.unread)
}
