// The command reference writes docs/reference.md: what the suite and the
// command line say of their own flags, beside what no program prints.
//
//	go run ./benchtest/reference           in the root of the module
//	go run ./benchtest/reference -check    fails when the file is stale
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
)

// page is what this command writes, below the root of the module.
const page = "docs/reference.md"

func main() {
	check := flag.Bool("check", false, "write nothing, and fail when "+page+" is stale")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, *check)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "reference:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, check bool) error {
	flags, commands, err := usages(ctx)
	if err != nil {
		return err
	}
	text, err := render(flags, commands)
	if err != nil {
		return err
	}
	if old, err := os.ReadFile(page); err == nil && bytes.Equal(old, text) {
		return nil
	}
	if check {
		return fmt.Errorf("%s is stale: go run ./benchtest/reference", page)
	}
	return os.WriteFile(page, text, 0o644)
}

// usages builds a suite and the command line, and asks them for their help.
func usages(ctx context.Context) (flags, commands []byte, err error) {
	dir, err := os.MkdirTemp("", "benchtest-reference-")
	if err != nil {
		return nil, nil, err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a directory of ours in the temporary one
	suite, command := filepath.Join(dir, "suite"), filepath.Join(dir, "benchtest")
	if _, err := output(ctx, "go", "test", "-c", "-o", suite, "./scenarios"); err != nil {
		return nil, nil, err
	}
	if _, err := output(ctx, "go", "build", "-o", command, "./benchtest/cmd/benchtest"); err != nil {
		return nil, nil, err
	}
	if flags, err = output(ctx, suite, "-help"); err != nil {
		return nil, nil, err
	}
	commands, err = output(ctx, command, "help", "--all")
	return flags, commands, err
}

// output runs a program without the environment's own settings and returns
// what it printed, on either stream.
func output(ctx context.Context, name string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = withoutSettings(os.Environ())
	out, err := cmd.CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("%s %v: %w\n%s", filepath.Base(name), args, err, out)
	}
	return out, nil
}
