package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/flakes"
	"github.com/benchtest-dev/benchtest/benchtest/scenario"
	"github.com/benchtest-dev/benchtest/benchtest/stats"
	"github.com/benchtest-dev/benchtest/reports"
)

// flakesFlags are what the flags of flakes say.
type flakesFlags struct {
	db, since, scenarios, dir string
	asJSON                    bool
}

func flakesCommand() command {
	return command{
		name: "flakes", args: "[RUN...]", about: aboutRun,
		summary: "Say of scenarios that pass at one time and not at another whether it is the checker, the environment or the engine",
		flags: func(fs *flag.FlagSet) runFunc {
			f := flakesFlags{}
			db := recordsFlag(fs)
			fs.StringVar(&f.since, "since", "", "attempts that started at this `date` or later, or within this time (7d, 12h); without RUN 30d")
			fs.StringVar(&f.scenarios, "scenario", "", "these `keys`, comma-separated; default all")
			fs.StringVar(&f.dir, "dir", "", "`folder` of the scenarios whose rules judge the attempts again; default as for every command")
			fs.BoolVar(&f.asJSON, "json", false, "one JSON object a scenario")
			return func(ctx context.Context, e *env, args []string) error {
				f.db = *db
				return e.flakes(ctx, f, args)
			}
		},
	}
}

// flakes ends with findings when there are any.
func (e *env) flakes(ctx context.Context, f flakesFlags, runs []string) (err error) {
	s := flakes.Search{Runs: runs}
	since := f.since
	if since == "" && len(runs) == 0 {
		since = "30d"
	}
	if s.Since, err = parseSince(since, time.Now()); err != nil {
		return err
	}
	if f.scenarios != "" {
		s.Keys = strings.Split(f.scenarios, ",")
	}
	if s.Scenarios, err = rulesOf(f.dir); err != nil {
		return err
	}
	from, err := e.openRecords(f.db)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	s.Source = from
	if len(runs) == 0 {
		if s.Runs, err = from.IDs(ctx, s.Since); err != nil {
			return err
		}
	}
	found, err := s.Find(ctx)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, reports.ErrAmbiguous):
		return usageError{err}
	case err != nil:
		return err
	case len(s.Runs) == 0:
		return usagef("no run began since %s, in %s", s.Since.Format(time.DateOnly), from)
	}
	return e.tellFlakes(found, f.asJSON)
}

// rulesOf are the scenarios that judge attempts again. Without a folder of them
// there are none: that is said of each attempt.
func rulesOf(dir string) ([]*scenario.Scenario, error) {
	var args []string
	if dir != "" {
		args = []string{dir}
	}
	f, err := openFolder(args)
	if err != nil {
		return nil, err
	}
	defer f.close()
	return f.all, nil
}

func (e *env) tellFlakes(found []flakes.Finding, asJSON bool) error {
	if asJSON {
		enc := json.NewEncoder(e.stdout)
		for _, f := range found {
			if err := enc.Encode(f); err != nil {
				return err
			}
		}
	} else {
		for i, f := range found {
			if i > 0 {
				e.printf(e.stdout, "\n")
			}
			writeFlake(e.stdout, f)
		}
	}
	if len(found) > 0 {
		return errFindings
	}
	if !asJSON {
		e.printf(e.stdout, "no scenario has mixed verdicts\n")
	}
	return nil
}

// writeFlake prints one finding for people. What guests and engines say is
// quoted.
func writeFlake(w io.Writer, f flakes.Finding) {
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(w, format+"\n", args...) }
	causes := []string{"the " + string(f.Cause)}
	for _, c := range f.NotRuledOut {
		causes = append(causes, "or the "+string(c))
	}
	say("%s on %s: %s", plain(f.Key), plain(f.Provider), strings.Join(causes, ", "))
	line := func(name string, t stats.Tally) { say("  %-10s %s", plain(name)+":", t) }
	if f.Engine != flakes.Oracle {
		line(f.Engine, f.Flake.Engine)
	}
	line(flakes.Oracle, f.Flake.Oracle)
	say("  %-10s %d of %d attempts twice from their evidence; %d came out otherwise", "judged:", f.Rejudged, f.Judgeable, f.Changed)
	for _, x := range f.Why {
		say("  %-10s %s: %s", "because:", plain(x.Attempt), plain(x.Says))
	}
	for _, m := range f.Missing {
		say("  %-10s %s", "missing:", plain(m))
	}
}
