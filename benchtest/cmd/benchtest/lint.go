package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"slices"

	"github.com/benchtest-dev/benchtest/benchtest/attempt"
	"github.com/benchtest-dev/benchtest/benchtest/scenario"
)

func lintCommand() command {
	return command{
		name: "lint", args: "[DIR]", summary: "Check scenarios without running them; errors exit 2, warnings 0",
		flags: func(fs *flag.FlagSet) runFunc {
			asJSON := fs.Bool("json", false, "one JSON object a problem")
			// The hold window of a scenario that names none is the runner's.
			o := scenario.LintOptions{Hold: attempt.DefaultHold}
			fs.DurationVar(&o.Max.Prepare, "max-prepare", 0, "longest `time` that timeouts.prepare may ask for; 0 means any")
			fs.DurationVar(&o.Max.Engine, "max-engine", 0, "longest `time` that timeouts.engine may ask for; 0 means any")
			fs.DurationVar(&o.Max.Hold, "max-hold", 0, "longest `time` that timeouts.hold may ask for; 0 means any")
			return func(_ context.Context, e *env, args []string) error { return e.lint(args, o, *asJSON) }
		},
	}
}

func (e *env) lint(args []string, o scenario.LintOptions, asJSON bool) error {
	f, err := openFolder(args)
	if err != nil {
		return err
	}
	defer f.close()
	problems := slices.Concat(f.problems, scenario.Lint(f.all, o)).Sorted()
	return e.tellProblems(f.dir, f.all, problems, asJSON)
}

// tellProblems prints the problems of the scenarios below dir and returns what
// they come to.
func (e *env) tellProblems(dir string, all []*scenario.Scenario, problems scenario.Problems, asJSON bool) error {
	for _, p := range problems.Under(dir) {
		if asJSON {
			if err := json.NewEncoder(e.stdout).Encode(p); err != nil {
				return fmt.Errorf("print problems: %w", err)
			}
			continue
		}
		e.printf(e.stdout, "%s\n", p)
	}
	bad := len(problems.Errors())
	if !asJSON {
		e.printf(e.stdout, "%d scenarios, %d errors, %d warnings\n", len(all), bad, len(problems)-bad)
	}
	switch {
	case bad > 0:
		return exitError(exitUsage)
	case len(all) == 0:
		return usagef("no scenario below %s: make one with benchtest new nginx/001-broken-config", dir)
	}
	return nil
}
