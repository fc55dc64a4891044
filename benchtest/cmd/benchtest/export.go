package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path"
	"strconv"

	"github.com/benchtest-dev/benchtest/reports"
)

func exportCommand() command {
	return command{
		name: "export", args: "RUN...", about: aboutRun, summary: "Write runs for other programs: a line of CSV an attempt, or a trajectory (ATIF) each",
		flags: func(fs *flag.FlagSet) runFunc {
			format := fs.String("format", "csv", "`csv` or atif")
			output := fs.String("output", "", "the `file` of CSV (default: standard output), or the new directory of trajectories")
			db := recordsFlag(fs)
			return func(ctx context.Context, e *env, args []string) error {
				return e.export(ctx, args, *db, *format, *output)
			}
		},
	}
}

func (e *env) export(ctx context.Context, runs []string, db, format, output string) (err error) {
	switch {
	case len(runs) == 0:
		return usagef("which runs? By ID or directory; benchtest view shows them")
	case format != "csv" && format != "atif":
		return usagef("--format %s: want csv or atif", format)
	case format == "atif" && output == "":
		return usagef("--format atif writes a file an attempt: say where with --output DIRECTORY")
	}
	from, err := e.openRecords(db)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	records, err := recordsOf(ctx, from, runs)
	if err != nil {
		return err
	}
	for _, r := range records {
		reports.SortAttempts(r.Attempts) // a database has them in another order
	}
	if format == "atif" {
		return exportTrajectories(ctx, from, records, output)
	}
	var all []reports.Attempt
	for _, r := range records {
		all = append(all, r.Attempts...)
	}
	csv := func(w io.Writer) error { return reports.WriteCSV(w, all) }
	if output == "" {
		return csv(e.stdout)
	}
	return reports.WriteFile(output, 0o644, csv)
}

// exportTrajectories writes DIR/RUN_ID/KEY/iN.json. An attempt whose evidence is
// not what was recorded gets none, and an error.
func exportTrajectories(ctx context.Context, from reports.Source, records []reports.Record, dir string) error {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return usageError{fmt.Errorf("make the output directory: %w", err)}
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("open the output directory: %w", err)
	}
	defer root.Close()
	var errs []error
	for _, rec := range records {
		for _, a := range rec.Attempts {
			if err := exportTrajectory(ctx, from, root, rec, a); err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", a.ID(), err))
			}
		}
	}
	return errors.Join(errs...)
}

func exportTrajectory(ctx context.Context, from reports.Source, root *os.Root, rec reports.Record, a reports.Attempt) error {
	var evidence reports.Evidence
	if a.Digests.Evidence != "" {
		var err error
		if evidence, err = from.ReadEvidence(ctx, rec, &a, func(string) bool { return false }); err != nil {
			return err
		}
	}
	// The root keeps a record that someone made up from leading elsewhere.
	name := path.Join(a.RunID, a.Key, "i"+strconv.Itoa(a.Iteration)+".json")
	if err := root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return fmt.Errorf("write trajectory: %w", err)
	}
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return fmt.Errorf("write trajectory: %w", err)
	}
	return errors.Join(reports.WriteATIF(f, a, evidence.Job, rec.Info.Version), f.Close())
}
