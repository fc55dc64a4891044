package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/benchtest-dev/benchtest/reports"
)

// An Archive is the directories of this machine's runs together with a database,
// as one reports.Source. A run that both have is read from its directory: that
// is the truth. The database is opened when the first question needs it. An
// Archive is used by one goroutine; the caller closes it.
type Archive struct {
	Runs   reports.RunsDir
	Target *Target // nil: there is no database

	db *DB
}

var _ reports.Source = (*Archive)(nil)

// archiveLimit is how long an Archive waits for its database to open.
const archiveLimit = 30 * time.Second

// database is nil where there is none: reading makes no file.
func (a *Archive) database(ctx context.Context) (*DB, error) {
	if a.db != nil || a.Target == nil || a.Target.missing() {
		return a.db, nil
	}
	ctx, cancel := context.WithTimeout(ctx, archiveLimit)
	defer cancel()
	var err error
	a.db, err = Open(ctx, *a.Target)
	return a.db, err
}

// missing reports whether the database is a file that is not there.
func (t Target) missing() bool {
	if t.conn != nil {
		return false
	}
	_, err := os.Stat(t.path)
	return errors.Is(err, fs.ErrNotExist)
}

// Record implements reports.Source. The name is the path of a run's directory,
// an ID, or how one ID alone begins.
func (a *Archive) Record(ctx context.Context, name string) (reports.Record, error) {
	rec, err := a.Runs.Record(ctx, name)
	if !errors.Is(err, fs.ErrNotExist) || strings.ContainsAny(name, `/\`) {
		return rec, err
	}
	ids, err := a.IDs(ctx, time.Time{})
	if err != nil {
		return reports.Record{}, fmt.Errorf("find run %q: %w", name, err)
	}
	id, err := reports.Match(name, ids)
	if err != nil {
		err = fmt.Errorf("%w, in %s", err, a)
		if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("%w; a directory with an %s will do, too", err, reports.EventsFile)
		}
		return reports.Record{}, err
	}
	if rec, err = a.Runs.Record(ctx, id); !errors.Is(err, fs.ErrNotExist) || a.db == nil {
		return rec, err
	}
	return a.db.Record(ctx, id)
}

// IDs implements reports.Source.
func (a *Archive) IDs(ctx context.Context, since time.Time) ([]string, error) {
	ids, err := a.Runs.IDs(ctx, since)
	if err != nil {
		return nil, err
	}
	db, err := a.database(ctx)
	if err != nil || db == nil {
		return ids, err
	}
	stored, err := db.IDs(ctx, since)
	if err != nil {
		return nil, err
	}
	ids = append(ids, stored...)
	slices.Sort(ids) // they begin with the time
	return slices.Compact(ids), nil
}

// ReadEvidence implements reports.Source.
func (a *Archive) ReadEvidence(ctx context.Context, rec reports.Record, of *reports.Attempt, want reports.Wanted) (reports.Evidence, error) {
	if rec.Dir != "" || a.db == nil {
		return a.Runs.ReadEvidence(ctx, rec, of, want)
	}
	return a.db.ReadEvidence(ctx, rec, of, want)
}

// String says where runs are looked for.
func (a *Archive) String() string {
	switch {
	case a.Target == nil:
		return string(a.Runs)
	case a.Target.missing():
		return fmt.Sprintf("%s; there is no %s", string(a.Runs), a.Target)
	}
	return fmt.Sprintf("%s and %s", string(a.Runs), a.Target)
}

// Close closes the database, which was only read.
func (a *Archive) Close() error {
	if a.db == nil {
		return nil
	}
	return a.db.Close()
}
