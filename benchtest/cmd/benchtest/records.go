package main

import (
	"context"
	"errors"
	"flag"
	"io/fs"
	"path/filepath"

	"github.com/benchtest-dev/benchtest/fixtures"
	"github.com/benchtest-dev/benchtest/reports"
	"github.com/benchtest-dev/benchtest/reports/store"
)

// openRecords is where a command finds recorded runs: the directories of this
// machine, and the database that url or the environment names. The caller
// closes it.
func (e *env) openRecords(url string) (*store.Archive, error) {
	home, err := fixtures.Home(e.lookup)
	if err != nil {
		return nil, err
	}
	a := &store.Archive{Runs: reports.RunsDir(filepath.Join(home, "runs"))}
	target, err := e.target(url)
	switch {
	case errors.Is(err, store.ErrNone):
		return a, nil
	case err != nil:
		return nil, err
	}
	a.Target = &target
	return a, nil
}

func recordsFlag(fs *flag.FlagSet) *string {
	return fs.String("db", "", "the `database` of runs that have no directory here: "+databaseURL+", or none; "+databaseDefault)
}

// aboutRun says what stands for RUN.
const aboutRun = "A run is named by its ID, by how that alone begins, or by its directory."

// records reads runs by their IDs, how those begin, or their directories.
func (e *env) records(ctx context.Context, url string, names []string) ([]reports.Record, error) {
	from, err := e.openRecords(url)
	if err != nil {
		return nil, err
	}
	list, err := recordsOf(ctx, from, names)
	return list, errors.Join(err, from.Close())
}

func recordsOf(ctx context.Context, from reports.Source, names []string) ([]reports.Record, error) {
	list := make([]reports.Record, len(names))
	for i, name := range names {
		var err error
		list[i], err = from.Record(ctx, name)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, reports.ErrAmbiguous) {
			return nil, usageError{err}
		}
		if err != nil {
			return nil, err
		}
	}
	return list, nil
}
