package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/rescore"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/fixtures"
	"github.com/benchtest-dev/benchtest/reports"
	"github.com/benchtest-dev/benchtest/reports/store"
)

// validateRuns judges recorded attempts by the rules of the folder in args.
// Rules that do not load judge nothing.
func (e *env) validateRuns(ctx context.Context, v validation, args []string) error {
	var err error
	if v.choice.Since, err = parseSince(v.since, time.Now()); err != nil {
		return err
	}
	f, err := loaded(args)
	if err != nil {
		return err
	}
	defer f.close()
	if gogc, _ := e.lookup("GOGC"); gogc == "" {
		debug.SetGCPercent(gcPercent)
	}
	from, err := e.openArchive(ctx, v.db)
	if err != nil {
		return err
	}
	if v.choice.Benchmark != "" {
		if v.choice.Benchmark, err = from.match(ctx, v.choice.Benchmark); err != nil {
			return errors.Join(err, from.close())
		}
	}
	pass := rescore.Pass{Store: from.store, Scenarios: f.all, Choice: v.choice, DryRun: v.dryRun, Found: e.tellFinding}
	if v.asJSON {
		pass.Found = e.encodeFinding
	}
	tally, err := pass.Run(ctx)
	if err := errors.Join(err, from.close()); err != nil {
		return err
	}
	if tally == (rescore.Tally{}) {
		return usagef("no attempt is chosen in %s: %s", from.name, from.elsewhere())
	}
	if !v.asJSON {
		e.tellTally(tally, v.dryRun)
	}
	if tally.Appended > 0 && from.lacking != "" {
		e.printf(e.stderr, "benchtest validate: they are in the runs' directories: benchtest import RUN_DIR... brings them into %s\n", from.lacking)
	}
	if tally.Broken > 0 || v.check && tally.Changed > 0 {
		return errFindings
	}
	return nil
}

// gcPercent lets the heap grow to five times what is alive. That is one attempt
// and a few megabytes, and each attempt leaves half a megabyte behind.
const gcPercent = 400

// An archive is where the attempts to be judged are.
type archive struct {
	store rescore.Store
	ids   func(context.Context, time.Time) ([]string, error)
	name  string
	close func() error
	// lacking is the database that hears of new verdicts by an import only.
	lacking string
}

// elsewhere is what to do where nothing is chosen.
func (a archive) elsewhere() string {
	if a.lacking != "" {
		return "choose others, or look into the database with --db sqlite://" + a.lacking
	}
	return "choose others, or look elsewhere with --db"
}

// match is the ID of the run that is called so.
func (a archive) match(ctx context.Context, run string) (string, error) {
	ids, err := a.ids(ctx, time.Time{})
	if err != nil {
		return "", err
	}
	id, err := reports.Match(run, ids)
	if err != nil {
		return "", usagef("--benchmark-id: %w, in %s", err, a.name)
	}
	return id, nil
}

// openArchive opens the database that url or the environment names; the
// directories of this machine's runs where none does. What is recorded
// in a directory comes into the default database with the next import.
func (e *env) openArchive(ctx context.Context, url string) (archive, error) {
	home, err := fixtures.Home(e.lookup)
	if err != nil {
		return archive{}, err
	}
	runs := rescore.Runs{Dir: filepath.Join(home, "runs")}
	if named, _ := e.lookup("BENCHTEST_DB"); url == "" && (named == "" || named == store.None) {
		a := archive{store: runs, ids: reports.RunsDir(runs.Dir).IDs, name: runs.Dir, close: func() error { return nil }}
		db := filepath.Join(home, "benchtest.db")
		if _, err := os.Stat(db); err == nil && named == "" {
			a.lacking = db
		}
		return a, nil
	}
	db, err := e.openDatabase(ctx, url)
	if err != nil {
		return archive{}, err
	}
	return archive{store: rescore.Database{DB: db, Runs: runs}, ids: db.IDs, name: db.Target().String(), close: db.Close}, nil
}

// tellFinding prints what became of one attempt, where that is news.
func (e *env) tellFinding(f rescore.Finding) {
	id := f.Attempt.ID()
	switch {
	case errors.Is(f.Err, rescore.ErrNotJudged), f.Err == nil && !f.Change.Differs():
	case f.Err != nil:
		e.printf(e.stdout, "%s: %s\n", id, plain(f.Err.Error()))
	default:
		var text strings.Builder // one write: there may be thousands of attempts
		text.WriteString(id + ": " + string(f.Change.Old.Outcome) + " → " + string(f.Change.New.Outcome) + "\n")
		for _, r := range f.Change.Rules {
			text.WriteString("  " + plain(ruleLine(r)) + "\n")
		}
		e.printf(e.stdout, "%s", text.String())
	}
}

// ruleLine is one rule that came out otherwise: where, old → new, and why.
func ruleLine(r rescore.RuleChange) string {
	switch {
	case r.New == "":
		return string(r.Scope) + ": " + r.Label + ": " + string(r.Old) + " → no such rule"
	case r.Old == "":
		return "new rule, " + string(r.New) + ": " + r.Reason
	}
	return string(r.Old) + " → " + string(r.New) + ": " + r.Reason
}

// plain is s with nothing that a terminal would obey: rules quote what guests say.
func plain(s string) string {
	q := strconv.Quote(s)
	if q[1:len(q)-1] == s {
		return s
	}
	return strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(q[1 : len(q)-1])
}

func (e *env) tellTally(t rescore.Tally, dryRun bool) {
	e.printf(e.stdout, "%d attempts judged again, %d came out otherwise", t.Judged, t.Changed)
	for _, part := range []struct {
		n    int
		text string
	}{
		{t.Skipped, "never judged by rules"}, {t.Deprecated, "of scenarios that are no longer there"}, {t.Broken, "without sound evidence"},
	} {
		if part.n > 0 {
			e.printf(e.stdout, "; %d %s", part.n, part.text)
		}
	}
	if dryRun {
		e.printf(e.stdout, "; nothing recorded (--dry-run)\n")
		return
	}
	e.printf(e.stdout, "; %d verdicts recorded\n", t.Appended)
}

// A foundAttempt is what validate --runs --json prints of one attempt.
type foundAttempt struct {
	ID      string        `json:"id"`
	Old     rules.Outcome `json:"old_outcome"`
	New     rules.Outcome `json:"new_outcome,omitempty"`
	Reason  string        `json:"reason,omitempty"`
	Changes []foundRule   `json:"rules,omitempty"`
	Error   string        `json:"error,omitempty"`
}

type foundRule struct {
	Scope  rules.Scope  `json:"scope"`
	Label  string       `json:"label"`
	Host   string       `json:"host,omitempty"`
	Old    rules.Status `json:"old,omitempty"`
	New    rules.Status `json:"new,omitempty"`
	Reason string       `json:"reason,omitempty"`
}

func (e *env) encodeFinding(f rescore.Finding) {
	found := foundAttempt{ID: f.Attempt.ID(), Old: f.Attempt.Verdict().Outcome, New: f.Change.New.Outcome, Reason: f.Change.New.Reason}
	if f.Err != nil {
		found.Error = f.Err.Error()
	}
	for _, r := range f.Change.Rules {
		found.Changes = append(found.Changes, foundRule(r))
	}
	// Who does not read on does not want to know.
	_ = json.NewEncoder(e.stdout).Encode(found)
}

// parseSince reads a date, a moment, or a time before now: 2026-01-31,
// RFC 3339, 7d, 12h. Empty is the zero time.
func parseSince(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n > 0 {
			return now.AddDate(0, 0, -n), nil
		}
	}
	if d, err := time.ParseDuration(text); err == nil && d > 0 {
		return now.Add(-d), nil
	}
	return time.Time{}, usagef("--since %q: use a date (2026-01-31), a moment (RFC 3339), or a time such as 7d or 12h", text)
}
