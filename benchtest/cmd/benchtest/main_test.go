package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/helper"
	"github.com/benchtest-dev/benchtest/fixtures"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// noIncus is a socket where no Incus listens.
const noIncus = "/nonexistent/unix.socket"

// In the scripts `benchtest` is this test binary. Its helpers are started by
// another name.
func TestMain(m *testing.M) {
	if code, handled := helper.Run(os.Args[1:], openProvider); handled {
		os.Exit(code)
	}
	// Whatever Incus is here is not these tests'.
	if err := os.Setenv("INCUS_SOCKET", noIncus); err != nil {
		panic(err)
	}
	testscript.Main(m, map[string]func(){"benchtest": func() { os.Exit(mainCode()) }})
}

func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		UpdateScripts:       *update,
		Setup: func(e *testscript.Env) error {
			e.Setenv("BENCHTEST_HOME", filepath.Join(e.WorkDir, "home"))
			e.Setenv("GOCACHE", filepath.Join(e.WorkDir, "gocache"))
			e.Setenv("GOFLAGS", "-mod=mod")
			e.Setenv("INCUS_SOCKET", noIncus)
			if os.Geteuid() == 0 {
				home := e.Getenv("BENCHTEST_HOME")
				e.Defer(func() { purgeAll(t, home) })
			}
			return nil
		},
		Condition: func(name string) (bool, error) {
			switch name {
			case "root":
				return os.Geteuid() == 0, nil
			case "built":
				return builtBase() != "", nil
			}
			return false, fmt.Errorf("unknown condition %q", name)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"schema-valid": schemaValid, "status": status, "lend": lend, "record": record},
	})
}

// purgeAll removes what a script that failed has left in its home.
func purgeAll(t *testing.T, home string) {
	t.Helper()
	var out bytes.Buffer
	e := &env{stdout: &out, stderr: &out, providers: registry(), lookup: func(name string) (string, bool) { return home, name == "BENCHTEST_HOME" }}
	assert.Equal(t, exitOK, e.run(context.Background(), []string{"sandbox", "purge", "--all"}), "%s", &out)
}

// builtBase is the directory of debian-base's present build, so that no script
// builds its own; empty where there is none. Like everything else it is looked
// for in BENCHTEST_HOME, or in the default home, which make bench fills.
func builtBase() string {
	home, err := fixtures.Home(os.LookupEnv)
	if err != nil {
		return ""
	}
	catalog, err := fixtures.LoadTemplates(fixtures.Embedded())
	if err != nil {
		return ""
	}
	base, err := catalog.Get("debian-base")
	if err != nil {
		return ""
	}
	dir := filepath.Join(home, "templates", base.BuildName())
	if _, err := os.Stat(dir); err != nil {
		return ""
	}
	return dir
}

// unbuilt is why a test of real machines is skipped.
const unbuilt = "template debian-base is not built here: make bench, or go tool benchtest template build debian-base"

// lend gives the script's home the template that is built.
func lend(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 0 || neg {
		ts.Fatalf("usage: lend")
	}
	ts.Check(lendTo(ts.Getenv("BENCHTEST_HOME")))
}

// lendTo gives a home the template that is built.
func lendTo(home string) error {
	templates := filepath.Join(home, "templates")
	if err := os.MkdirAll(templates, 0o755); err != nil {
		return err
	}
	dir := builtBase()
	return os.Symlink(dir, filepath.Join(templates, filepath.Base(dir)))
}

// status runs a command and wants it to end with this exit status.
func status(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 || neg {
		ts.Fatalf("usage: status NUMBER COMMAND...")
	}
	got := 0
	err := ts.Exec(args[1], args[2:]...)
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		got = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v: %v", args[1:], err)
	}
	if fmt.Sprint(got) != args[0] {
		ts.Fatalf("%v: exit status %d, not %s", args[1:], got, args[0])
	}
}

// schemaValid wants a file to be a JSON Schema that compiles.
func schemaValid(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 || neg {
		ts.Fatalf("usage: schema-valid FILE")
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader([]byte(ts.ReadFile(args[0]))))
	ts.Check(err)
	c := jsonschema.NewCompiler()
	ts.Check(c.AddResource("scenario.json", doc))
	_, err = c.Compile("scenario.json")
	ts.Check(err)
}

// The help of every command is a golden file, so that it is reviewed as prose.
func TestHelp(t *testing.T) {
	t.Parallel()
	var got bytes.Buffer
	e := &env{stdout: &got, stderr: &got, lookup: func(string) (string, bool) { return "", false }, providers: registry()}
	require.Equal(t, exitOK, e.run(t.Context(), []string{"help", "--all"}))
	golden := filepath.Join("testdata", "help.golden")
	if *update {
		require.NoError(t, os.WriteFile(golden, got.Bytes(), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err, "make it with -update")
	assert.Equal(t, string(want), got.String(), "review the change and run with -update")
}
