package benchtest_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/scenario"
)

// TestScripts runs the scripts, each in a copy of testdata/suite, a module
// that is not ours. Its provider makes machines of directories, so that no
// root is needed. In $WORK/scenarios, `suite` runs the package's test binary,
// as the go command would and without its price.
func TestScripts(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("short: the scripts build and run test binaries: run without -short")
	}
	w := newWorkshop(t)
	testscript.Run(t, testscript.Params{
		Dir:   "testdata/script",
		Setup: w.setUp,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"eventually": eventually, "within": within, "signal": signal,
			"attempts": attempts, "finished": finished, "parted": parted, "pasted": pasted, "run-id": runID, "terminal": terminal, "import-runs": importRuns, "collect": collect,
		},
	})
}

// A workshop is what the scripts share.
type workshop struct {
	repo string // this module
	dir  string // holds the copy of the module that the binaries were built in
}

// newWorkshop builds the suite's test binary and the command, once for all scripts.
func newWorkshop(t *testing.T) *workshop {
	t.Helper()
	repo, err := filepath.Abs("..")
	require.NoError(t, err)
	w := &workshop{repo: repo, dir: t.TempDir()}
	module := filepath.Join(w.dir, "module")
	require.NoError(t, w.copyModule(module))
	bin := filepath.Join(w.dir, "bin")
	require.NoError(t, os.MkdirAll(filepath.Join(w.dir, "cache"), 0o755))
	w.build(t, module, "test", "-c", "-o", filepath.Join(bin, "suite"), "./scenarios")
	w.build(t, repo, "build", "-o", filepath.Join(bin, "benchtest"), "./benchtest/cmd/benchtest")
	return w
}

func (w *workshop) build(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), goEnv()...)
	out, err := cmd.CombinedOutput()
	require.NoErrorf(t, err, "go %s\n%s", strings.Join(args, " "), out)
}

// goEnv makes the go command need no network and change no go.mod but the copy.
func goEnv() []string { return []string{"GOFLAGS=-mod=mod", "GOPROXY=off", "GOTOOLCHAIN=local"} }

// copyModule makes a copy of testdata/suite with the generated table and a
// go.mod that requires this module as it stands here, and what it requires.
func (w *workshop) copyModule(dir string) error {
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(w.repo, "benchtest/testdata/suite"))); err != nil {
		return err
	}
	mod, err := os.ReadFile(filepath.Join(w.repo, "go.mod"))
	if err != nil {
		return err
	}
	_, rest, _ := strings.Cut(string(mod), "\n")
	text := fmt.Sprintf("module example.com/suite\n%s\nrequire github.com/benchtest-dev/benchtest v0.0.0\nreplace github.com/benchtest-dev/benchtest => %s\n", rest, w.repo)
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte(text), 0o644); err != nil {
		return err
	}
	sum, err := os.ReadFile(filepath.Join(w.repo, "go.sum"))
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "go.sum"), sum, 0o644); err != nil {
		return err
	}
	return generate(filepath.Join(dir, "scenarios"))
}

// generate writes the table of the scenarios in dir.
func generate(dir string) error {
	all, problems := scenario.Load(os.DirFS(dir), scenario.LoadOptions{})
	if err := problems.Err(); err != nil {
		return err
	}
	table, err := scenario.Generate("scenarios_test", all)
	if err != nil {
		return err
	}
	_, err = scenario.WriteGenerated(dir, table, false)
	return err
}

// age makes all files below dir an hour old: the go command caches no test
// that has read a file younger than two seconds.
func age(dir string) error {
	old := time.Now().Add(-time.Hour)
	return filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Chtimes(path, old, old)
	})
}

// setUp gives a script its module, state and machines. The probe is built once
// for all.
func (w *workshop) setUp(e *testscript.Env) error {
	if err := w.copyModule(e.WorkDir); err != nil {
		return err
	}
	if err := age(e.WorkDir); err != nil {
		return err
	}
	// State stands outside the module, since what a test opens in its module is
	// an input of it; below a short path, since sockets are there.
	state, err := os.MkdirTemp("", "bt-")
	if err != nil {
		return err
	}
	e.Defer(func() { _ = os.RemoveAll(state) }) // what is left there shows in no test
	for _, dir := range []string{"home", "disk", "slow", "tmp"} {
		if err := os.Mkdir(filepath.Join(state, dir), 0o755); err != nil {
			return err
		}
	}
	if err := os.Symlink(filepath.Join(w.dir, "cache"), filepath.Join(state, "home", "cache")); err != nil {
		return err
	}
	for name, value := range map[string]string{
		"PATH":           filepath.Join(w.dir, "bin") + string(os.PathListSeparator) + os.Getenv("PATH"),
		"STATE":          state,
		"BENCHTEST_HOME": filepath.Join(state, "home"),
		"TMPDIR":         filepath.Join(state, "tmp"),
		"DISK_DIR":       filepath.Join(state, "disk"),
		"SLOW_DIR":       filepath.Join(state, "slow"),
		// The machines cost nothing, and others may be using this one.
		"BENCHTEST_CONCURRENCY_FACTOR": "1000",
		// The fake's machines are one process: what one attempt uploads is busy for
		// a moment when another one forks.
		"BENCHTEST_MAX_CONCURRENT": "1",
	} {
		e.Setenv(name, value)
	}
	for _, set := range goEnv() {
		name, value, _ := strings.Cut(set, "=")
		e.Setenv(name, value)
	}
	for _, name := range []string{"GOCACHE", "GOMODCACHE", "GOPATH"} {
		out, err := exec.CommandContext(context.Background(), "go", "env", name).Output()
		if err != nil {
			return fmt.Errorf("go env %s: %w", name, err)
		}
		e.Setenv(name, string(bytes.TrimSpace(out)))
	}
	return nil
}
