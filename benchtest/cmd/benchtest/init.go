package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

func initCommand() command {
	return command{
		name: "init", args: "[DIR]", summary: "Make a package of scenarios in a module (DIR: ./scenarios)",
		flags: func(*flag.FlagSet) runFunc {
			return func(ctx context.Context, e *env, args []string) error { return e.initialise(ctx, args) }
		},
	}
}

// initialise makes the package: TestMain, one scenario, the generated table.
// Nothing that is there is written over.
func (e *env) initialise(ctx context.Context, args []string) error {
	if len(args) > 1 {
		return usagef("at most one folder, not %d", len(args))
	}
	dir := "scenarios"
	if len(args) == 1 {
		dir = args[0]
	}
	if err := inModule(ctx, dir); err != nil {
		return usageError{err}
	}
	if _, err := os.Stat(filepath.Join(dir, "main_test.go")); err == nil {
		return usagef("%s holds a package of scenarios already", dir)
	}
	if err := e.lay("scaffold/init", dir, strings.NewReplacer("PACKAGE", packageName(dir))); err != nil {
		return err
	}
	if err := e.generate([]string{dir}, false); err != nil {
		return err
	}
	e.printf(e.stdout, "\nNext:\n%s", nextSteps(dir))
	return nil
}

// nextSteps are the commands that run what init made, from here.
func nextSteps(dir string) string {
	rel := filepath.Clean(dir)
	if here, err := os.Getwd(); err == nil && filepath.IsAbs(dir) {
		if r, err := filepath.Rel(here, dir); err == nil {
			rel = r
		}
	}
	switch {
	case rel == ".":
		return "  go mod tidy\n  go test .\n"
	case filepath.IsLocal(rel):
		return "  go mod tidy\n  go test ./" + filepath.ToSlash(rel) + "\n"
	}
	return "  cd " + shellLine([]string{rel}) + "\n  go mod tidy\n  go test .\n"
}

// inModule is nil when dir, which need not be there yet, is in a Go module.
func inModule(ctx context.Context, dir string) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return fmt.Errorf("find the module: %w", err)
	}
	for {
		if info, err := os.Stat(dir); err == nil && info.IsDir() {
			break
		}
		dir = filepath.Dir(dir)
	}
	cmd := program(ctx, "go", "env", "GOMOD")
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("find the module: go env GOMOD: %w", err)
	}
	if mod := strings.TrimSpace(string(out)); mod == "" || mod == os.DevNull {
		return errors.New("this folder is in no Go module: go mod init example.com/bench")
	}
	return nil
}
