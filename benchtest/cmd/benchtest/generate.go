package main

import (
	"context"
	"flag"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"

	"github.com/benchtest-dev/benchtest/benchtest/scenario"
)

func generateCommand() command {
	return command{
		name: "generate", args: "[DIR]", summary: "Write the table of scenarios that go test runs (" + generatedFile + ")",
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
	text, err := scenario.Generate(packageName(f.dir), f.all)
	if err != nil {
		return err
	}
	changed, err := scenario.WriteGenerated(f.dir, text, check)
	if err != nil {
		return err
	}
	path := filepath.Join(f.dir, generatedFile)
	switch {
	case changed && check:
		e.printf(e.stderr, "%s is stale: run go generate ./...\n", path)
		return errFindings
	case changed:
		e.printf(e.stdout, "%s: %d scenarios\n", path, len(f.all))
	}
	return nil
}

// packageName is the package clause of the tests in dir: the one its other
// test files have, else NAME_test.
func packageName(dir string) string {
	files, _ := filepath.Glob(filepath.Join(dir, "*_test.go")) // the pattern is good
	for _, file := range files {
		if filepath.Base(file) == generatedFile {
			continue
		}
		if f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.PackageClauseOnly); err == nil {
			return f.Name.Name
		}
	}
	if abs, err := filepath.Abs(dir); err == nil {
		dir = abs
	}
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '_' {
			return r
		}
		return -1
	}, strings.ToLower(filepath.Base(dir)))
	if name == "" || name[0] >= '0' && name[0] <= '9' {
		name = "scenarios" + name
	}
	return name + "_test"
}
