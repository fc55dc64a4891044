package main

import (
	"context"
	"flag"
	"path"
	"slices"
	"strings"

	"github.com/benchtest-dev/benchtest/benchtest/attempt"
	"github.com/benchtest-dev/benchtest/benchtest/rescore"
	"github.com/benchtest-dev/benchtest/benchtest/scenario"
)

// A validation is what the flags of validate say.
type validation struct {
	scenarios, runs       bool
	choice                rescore.Choice
	since, db             string
	dryRun, check, asJSON bool
}

func validateCommand() command {
	return command{
		name: "validate", args: "--runs|--scenarios [ARG...]",
		summary: "Judge recorded attempts again by the rules of today (of DIR), without a machine; or lint scenarios (all, or those of keys, tags and groups)",
		flags: func(fs *flag.FlagSet) runFunc {
			var v validation
			fs.BoolVar(&v.scenarios, "scenarios", false, "lint, like benchtest lint")
			fs.BoolVar(&v.runs, "runs", false, "re-score: the verdicts of today stand beside those of then")
			fs.StringVar(&v.choice.Benchmark, "benchmark-id", "", "of the run with this `ID`, or the one whose ID begins so")
			fs.StringVar(&v.choice.Job, "job-id", "", "this one attempt: `RUN_ID/KEY/iN`")
			fs.StringVar(&v.choice.Scenario, "scenario", "", "of this `key`")
			fs.StringVar(&v.since, "since", "", "that started at this `date` or later, or within this time (7d, 12h)")
			fs.StringVar(&v.db, "db", "", "of the runs in this `database`: "+databaseURL+"; default BENCHTEST_DB, else of those that have a directory here")
			fs.BoolVar(&v.dryRun, "dry-run", false, "record nothing")
			fs.BoolVar(&v.check, "check", false, "exit 1 when a verdict or a rule comes out otherwise")
			fs.BoolVar(&v.asJSON, "json", false, "one JSON object a problem or an attempt")
			return func(ctx context.Context, e *env, args []string) error { return e.validate(ctx, v, args) }
		},
	}
}

func (e *env) validate(ctx context.Context, v validation, args []string) error {
	chosen := v.choice.Benchmark != "" || v.choice.Job != "" || v.choice.Scenario != "" || v.since != ""
	switch {
	case v.scenarios == v.runs:
		return usagef("say --scenarios or --runs")
	case v.scenarios && (chosen || v.dryRun || v.check || v.db != ""):
		return usagef("--benchmark-id, --job-id, --scenario, --since, --db, --dry-run and --check go with --runs")
	case v.scenarios:
		return e.validateScenarios(args, v.asJSON)
	case !chosen:
		return usagef("choose runs: --benchmark-id, --job-id, --scenario or --since")
	}
	return e.validateRuns(ctx, v, args)
}

// validateScenarios lints the scenarios that words name: keys, tags and groups.
func (e *env) validateScenarios(words []string, asJSON bool) error {
	f, err := openFolder(nil)
	if err != nil {
		return err
	}
	defer f.close()
	problems := slices.Concat(f.problems, scenario.Lint(f.all, scenario.LintOptions{Hold: attempt.DefaultHold})).Sorted()
	chosen := f.all
	if len(words) > 0 {
		if chosen, problems, err = f.about(strings.Split(strings.Join(words, ","), ","), problems); err != nil {
			return err
		}
	}
	return e.tellProblems(f.dir, chosen, problems, asJSON)
}

// about is what words choose: scenarios that loaded, and problems of those and
// of such that did not. Each word chooses something.
func (f *folder) about(words []string, problems scenario.Problems) (chosen []*scenario.Scenario, about scenario.Problems, err error) {
	for _, word := range words {
		found := false
		for _, s := range f.all {
			if s.Key == word || s.Group == word || slices.Contains(s.Tags, word) {
				found = true
				chosen = append(chosen, s)
			}
		}
		for _, p := range problems {
			dir := path.Dir(p.File)
			if dir == word || strings.HasPrefix(dir, word+"/") || slices.ContainsFunc(chosen, func(s *scenario.Scenario) bool { return s.Dir == dir }) {
				found = true
				about = append(about, p)
			}
		}
		if !found {
			return nil, nil, usagef("no scenario matches %q: benchtest list shows what there is", word)
		}
	}
	return chosen, about.Sorted(), nil
}
