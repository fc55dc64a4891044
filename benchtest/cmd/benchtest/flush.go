package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/benchtest-dev/benchtest/fixtures"
	"github.com/benchtest-dev/benchtest/reports/store"
)

// A flushing is what the flags of flush say.
type flushing struct {
	db, olderThan, scenarios string
	deprecated, all          bool
	yes, preview             bool
}

func flushCommand() command {
	return command{
		name: "flush", args: "[DIR]",
		summary: "Remove attempts from the database, with their runs' records on this machine; never those of a running benchmark",
		flags: func(fs *flag.FlagSet) runFunc {
			var f flushing
			db := databaseFlag(fs)
			fs.StringVar(&f.olderThan, "older-than", "", "of runs that began longer ago than this `time` (7d, 12h), or before this date")
			fs.StringVar(&f.scenarios, "scenario", "", "at these `keys`, comma-separated")
			fs.BoolVar(&f.deprecated, "deprecated", false, "at keys of which DIR has no scenario any more")
			fs.BoolVar(&f.all, "all", false, "everything; asks first")
			fs.BoolVar(&f.yes, "yes", false, "do not ask")
			fs.BoolVar(&f.preview, "preview", false, "say what would go, and remove nothing")
			return func(ctx context.Context, e *env, args []string) error {
				f.db = *db
				return e.flush(ctx, f, args)
			}
		},
	}
}

func (e *env) flush(ctx context.Context, f flushing, args []string) error {
	s, err := f.selection(time.Now())
	if err != nil {
		return err
	}
	home, err := fixtures.Home(e.lookup)
	if err != nil {
		return err
	}
	db, err := e.openDatabase(ctx, f.db)
	if err != nil {
		return err
	}
	defer db.Close() //nolint:errcheck // what was committed is
	if f.deprecated {
		if s.Scenarios, err = e.deprecated(ctx, db, args, s.Scenarios); err != nil || len(s.Scenarios) == 0 {
			return err
		}
	}
	if f.all && !f.preview && !f.yes {
		if err := e.confirmAll(db); err != nil {
			return err
		}
	}
	pruned, err := store.Flush(ctx, db, filepath.Join(home, "runs"), s, f.preview)
	e.tellFlushed(pruned, f.preview)
	return err
}

// selection is what the flags choose; with none of them it is an error.
func (f flushing) selection(now time.Time) (s store.Selection, err error) {
	if f.olderThan == "" && f.scenarios == "" && !f.deprecated && !f.all {
		return s, usagef("flush what? --older-than, --scenario, --deprecated or --all")
	}
	if f.all && (f.olderThan != "" || f.scenarios != "" || f.deprecated) {
		return s, usagef("--all goes with no other choice")
	}
	if s.Before, err = parseSince(f.olderThan, now); err != nil {
		return s, usagef("--older-than %q: use a time such as 7d or 12h, or a date (2026-01-31)", f.olderThan)
	}
	for key := range strings.SplitSeq(f.scenarios, ",") {
		if key = strings.TrimSpace(key); key != "" {
			s.Scenarios = append(s.Scenarios, key)
		}
	}
	s.All = f.all
	return s, nil
}

// deprecated are the keys in the database of which there is no scenario; where
// only is not empty, those of them that are in it.
func (e *env) deprecated(ctx context.Context, db *store.DB, args, only []string) ([]string, error) {
	f, err := loaded(args) // a scenario that does not load is not gone
	if err != nil {
		return nil, err
	}
	defer f.close()
	if len(f.all) == 0 {
		return nil, usagef("no scenario below %s: then every key would be deprecated", f.dir)
	}
	keys, err := db.Keys(ctx)
	if err != nil {
		return nil, err
	}
	keys = slices.DeleteFunc(keys, func(key string) bool {
		for _, sc := range f.all {
			if sc.Key == key {
				return true
			}
		}
		return len(only) > 0 && !slices.Contains(only, key)
	})
	if len(keys) == 0 {
		e.printf(e.stdout, "every key in the database has its scenario\n")
	}
	return keys, nil
}

// confirmAll wants the word yes.
func (e *env) confirmAll(db *store.DB) error {
	in, ok := e.stdin.(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) {
		return usagef("--all needs --yes where nobody can be asked")
	}
	e.printf(e.stderr, "remove everything from %s, and the records of its runs? Type yes: ", db.Target())
	answer, err := bufio.NewReader(in).ReadString('\n')
	if err != nil || strings.TrimSpace(answer) != "yes" {
		return errors.New("nothing was removed")
	}
	return nil
}

func (e *env) tellFlushed(p store.Flushed, preview bool) {
	done := "removed"
	if preview {
		done = "would remove"
	}
	for _, id := range p.Attempts {
		e.printf(e.stdout, "%s %s\n", done, id)
	}
	for _, dir := range p.Dirs {
		e.printf(e.stdout, "%s %s\n", done, dir)
	}
	for _, id := range p.Running {
		e.printf(e.stdout, "left    %s: it goes on\n", id)
	}
	e.printf(e.stdout, "%s: benchmarks %d, attempts %d, directories %d\n", done, len(p.Benchmarks), len(p.Attempts), len(p.Dirs))
}
