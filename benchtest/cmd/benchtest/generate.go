package main

import (
	"context"
	"flag"
	"os"
	"path/filepath"

	"github.com/benchtest-dev/benchtest/benchtest/scenario"
)

func generateCommand() command {
	return command{
		name: "generate", args: "[DIR]", summary: "Write the table of scenarios that go test runs (" + scenario.GeneratedFile + ")",
		flags: func(fs *flag.FlagSet) runFunc {
			check := fs.Bool("check", false, "write nothing; exit 1 when the table is stale")
			return func(_ context.Context, e *env, args []string) error { return e.generate(args, *check) }
		},
	}
}

func (e *env) generate(args []string, check bool) error {
	f, err := loaded(args)
	if err != nil {
		return err
	}
	defer f.close()
	if _, err := os.Stat(filepath.Join(f.dir, scenario.GeneratedFile)); err != nil && len(f.all) == 0 {
		return usagef("no scenario below %s: make one with benchtest new nginx/001-broken-config", f.dir)
	}
	text, err := scenario.Generate(packageName(f.dir), f.all)
	if err != nil {
		return err
	}
	changed, err := scenario.WriteGenerated(f.dir, text, check)
	if err != nil {
		return err
	}
	path := filepath.Join(f.dir, scenario.GeneratedFile)
	switch {
	case changed && check:
		e.printf(e.stderr, "%s is stale: run go generate ./...\n", path)
		return errFindings
	case changed:
		e.printf(e.stdout, "%s: %d scenarios\n", path, len(f.all))
	}
	return nil
}
