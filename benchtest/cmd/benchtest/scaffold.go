package main

import (
	"context"
	"embed"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

//go:embed scaffold
var scaffold embed.FS

func initCommand() command {
	return command{
		name: "init", args: "[DIR]", summary: "Make a package of scenarios in this module (DIR: ./scenarios)",
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
	if err := inModule(ctx); err != nil {
		return usageError{err}
	}
	if _, err := os.Stat(filepath.Join(dir, "main_test.go")); err == nil {
		return usagef("%s holds a package of scenarios already", dir)
	}
	if err := e.lay("scaffold/init", dir, nil); err != nil {
		return err
	}
	if err := e.generate([]string{dir}, false); err != nil {
		return err
	}
	e.printf(e.stdout, "\nNext:\n  go mod tidy\n  go test ./%s\n", filepath.ToSlash(filepath.Clean(dir)))
	return nil
}

// inModule is nil when the current folder is in a Go module.
func inModule(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, "go", "env", "GOMOD")
	cmd.WaitDelay = 10 * time.Second
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("find the module: go env GOMOD: %w", err)
	}
	if mod := strings.TrimSpace(string(out)); mod == "" || mod == os.DevNull {
		return errors.New("this folder is in no Go module: go mod init example.com/bench")
	}
	return nil
}

// newKey is a key that `new` makes: a group and a name that can be a subtest.
var newKey = regexp.MustCompile(`^([a-z][a-z0-9_]*)/([a-z0-9-]+)$`)

func newCommand() command {
	return command{
		name: "new", args: "GROUP/NNN-name", summary: "Make a scenario that runs as it stands, to be changed",
		flags: func(fs *flag.FlagSet) runFunc {
			dir := fs.String("dir", "", "`folder` of the scenarios")
			return func(_ context.Context, e *env, args []string) error { return e.newScenario(*dir, args) }
		},
	}
}

func (e *env) newScenario(dir string, args []string) error {
	if len(args) != 1 {
		return usagef("want one key, such as nginx/004-slow-start")
	}
	m := newKey.FindStringSubmatch(args[0])
	if m == nil {
		return usagef("key %q: want GROUP/NAME, GROUP of [a-z][a-z0-9_]*, NAME of [a-z0-9-]+, such as nginx/004-slow-start", args[0])
	}
	if dir == "" {
		dir = defaultDir(nil)
	}
	at := filepath.Join(dir, m[1], m[2])
	if _, err := os.Stat(at); err == nil {
		return usagef("%s is there already", at)
	}
	title := strings.ReplaceAll(strings.TrimLeft(m[2], "0123456789-"), "-", " ")
	if title == "" {
		title = m[2]
	}
	if err := e.lay("scaffold/new", at, strings.NewReplacer("TITLE", title, "GROUP", m[1])); err != nil {
		return err
	}
	return e.generate([]string{dir}, false)
}

// lay copies an embedded folder to dir, file by file, and says what it made.
func (e *env) lay(from, dir string, replace *strings.Replacer) error {
	return fs.WalkDir(scaffold, from, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		to := filepath.Join(dir, filepath.FromSlash(strings.TrimSuffix(strings.TrimPrefix(name, from), ".txt")))
		if d.IsDir() {
			return os.MkdirAll(to, 0o755)
		}
		b, err := scaffold.ReadFile(name)
		if err != nil {
			return err
		}
		text := string(b)
		if replace != nil {
			text = replace.Replace(text)
		}
		mode := fs.FileMode(0o644)
		if path.Ext(name) == ".sh" {
			mode = 0o755
		}
		e.printf(e.stdout, "%s\n", to)
		return writeNew(to, text, mode)
	})
}

// writeNew makes a file; one that is there is an error.
func writeNew(to, text string, mode fs.FileMode) error {
	f, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return fmt.Errorf("make %s: %w", to, err)
	}
	if _, err := f.WriteString(text); err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", to, err), f.Close())
	}
	return f.Close()
}
