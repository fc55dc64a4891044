package main

import (
	"context"
	"errors"
	"flag"
	"time"

	"github.com/benchtest-dev/benchtest/fixtures"
	"github.com/benchtest-dev/benchtest/reports/store"
)

// openLimit is how long a command waits for a database to answer.
const openLimit = 30 * time.Second

func importCommand() command {
	return command{
		name: "import", args: "RUN_DIR...",
		summary: "Bring what runs recorded and the database has not; what a killed run left unfinished is errored",
		flags: func(fs *flag.FlagSet) runFunc {
			db := databaseFlag(fs)
			return func(ctx context.Context, e *env, dirs []string) error { return e.importRuns(ctx, *db, dirs) }
		},
	}
}

// How every command words where a database is, and which it is when none is named.
const (
	databaseURL     = "postgres://USER@HOST/DATABASE or sqlite:///PATH"
	databaseDefault = "default BENCHTEST_DB, else SQLite in BENCHTEST_HOME"
)

func databaseFlag(fs *flag.FlagSet) *string {
	return fs.String("db", "", "the `database`: "+databaseURL+"; "+databaseDefault)
}

func (e *env) importRuns(ctx context.Context, url string, dirs []string) error {
	if len(dirs) == 0 {
		return usagef("which runs? By directory; they are in BENCHTEST_HOME/runs")
	}
	db, err := e.openDatabase(ctx, url)
	if err != nil {
		return err
	}
	defer db.Close() //nolint:errcheck // what was brought is there
	var errs []error
	for _, dir := range dirs {
		got, err := store.Import(ctx, db, dir)
		errs = append(errs, err)
		if err != nil && got == (store.Imported{}) {
			continue
		}
		e.printf(e.stdout, "%s: %d attempts and %d later verdicts are new\n", dir, got.Attempts, got.Verdicts)
		if got.Interrupted > 0 {
			e.printf(e.stdout, "%s: %d were interrupted\n", dir, got.Interrupted)
		}
		if got.Running {
			e.printf(e.stdout, "%s goes on: import it again when it has ended\n", dir)
		}
	}
	err = errors.Join(errs...)
	if errors.Is(err, store.ErrNoRun) {
		return usageError{err}
	}
	return err
}

// openDatabase opens the database that a flag or the environment names. The
// caller closes it.
func (e *env) openDatabase(ctx context.Context, url string) (*store.DB, error) {
	target, err := e.target(url)
	if errors.Is(err, store.ErrNone) {
		return nil, usagef("%w, and this needs one: name it with --db", err)
	}
	if err != nil {
		return nil, err
	}
	return openTarget(ctx, target)
}

// openTarget opens a database within openLimit.
func openTarget(ctx context.Context, target store.Target) (*store.DB, error) {
	ctx, cancel := context.WithTimeout(ctx, openLimit)
	defer cancel()
	return store.Open(ctx, target)
}

// target is the database that a flag or the environment names, not yet opened;
// store.ErrNone where they want none.
func (e *env) target(url string) (store.Target, error) {
	home, err := fixtures.Home(e.lookup)
	if err != nil {
		return store.Target{}, err
	}
	if url == "" {
		url, _ = e.lookup("BENCHTEST_DB")
	}
	target, err := store.ParseTarget(url, home)
	if err != nil {
		return target, usagef("--db or BENCHTEST_DB: %w", err)
	}
	return target, nil
}
