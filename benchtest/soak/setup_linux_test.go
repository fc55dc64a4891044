package soak_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/providers/local/localtest"
)

const (
	base  = "debian-base" // the template that what is killed builds on
	small = "soak-small"  // the template that a run of testdata/suite builds
)

// long reports whether this is the soak, and not its short form.
func long() bool { return os.Getenv("SOAK") != "" }

// times is how often something is done: NAME in the environment, else the
// short form's or the soak's number.
func times(t *testing.T, name string, short, soak int) int {
	t.Helper()
	n := short
	if long() {
		n = soak
	}
	if text := os.Getenv(name); text != "" {
		var err error
		n, err = strconv.Atoi(text)
		require.NoError(t, err, name)
	}
	return n
}

// heavy skips what cannot run here.
func heavy(t *testing.T) {
	t.Helper()
	switch {
	case os.Getenv("BENCHTEST_SOAK") == "":
		t.Skip("this kills real runs for minutes: make soak, or set BENCHTEST_SOAK=1")
	case os.Geteuid() != 0:
		t.Skip("this looks into all processes and mounts: run as root")
	}
}

// binaries are built once for all tests: a suite, and the command.
var binaries = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "soak-bin-")
	if err != nil {
		return "", err
	}
	for _, argv := range [][]string{
		{"go", "test", "-c", "-o", filepath.Join(dir, "suite"), "./testdata/suite"},
		{"go", "build", "-o", filepath.Join(dir, "benchtest"), "../cmd/benchtest"},
	} {
		if out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput(); err != nil {
			return "", fmt.Errorf("%v: %w: %s", argv, err, out)
		}
	}
	return dir, os.Chmod(dir, 0o755)
})

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, err := binaries(); err == nil {
		_ = os.RemoveAll(dir)
	}
	os.Exit(code)
}

// cache is where templates outlive the tests; provider local's tests keep
// theirs beside them.
func cache(t *testing.T) string {
	t.Helper()
	dir, err := os.UserCacheDir()
	require.NoError(t, err)
	return filepath.Join(dir, "benchtest-test")
}

// A stage is a place for runs of its own: home, scratch space and binaries
// that nothing else on this machine uses, so that what is found is the runs'.
type stage struct {
	home, tmp string
	suite     string     // the suite's binary
	command   string     // the benchtest command
	mark      string     // in the environment of all that a run starts
	user      *user.User // who runs; nil: root
	environ   []string   // what differs from ours
	dir       string     // of the suite
	meeting   *meeting   // where; nil: where everybody does
	before    map[string]bool
}

// newStage makes a stage whose home has the base template in it, and those
// called built too.
func newStage(t *testing.T, built ...string) *stage {
	t.Helper()
	bin, err := binaries()
	require.NoError(t, err)
	// Not the user's own directories, which may be closed to the guests' root
	// and to other users.
	root, err := os.MkdirTemp("/var/tmp", "benchtest-soak-") //nolint:usetesting // kept when the test fails
	require.NoError(t, err)
	tmp, err := os.MkdirTemp("/tmp", "bts-") //nolint:usetesting // short: sockets are made below it
	require.NoError(t, err)
	require.NoError(t, errors.Join(os.Chmod(root, 0o755), os.Chmod(tmp, 0o1777)))
	s := &stage{home: filepath.Join(root, "home"), tmp: tmp, mark: filepath.Base(root), dir: suiteDir(t), before: map[string]bool{}}
	t.Cleanup(func() { // by then nothing is mounted below it, or the test has failed
		if !t.Failed() {
			require.NoError(t, errors.Join(os.RemoveAll(root), os.RemoveAll(tmp)))
		}
	})
	require.NoError(t, os.MkdirAll(filepath.Join(s.home, "templates"), 0o755))
	// Copies: the program that a process runs says whose it is.
	s.suite, s.command = filepath.Join(root, "suite"), filepath.Join(root, "benchtest")
	copyTree(t, root, filepath.Join(bin, "suite"), filepath.Join(bin, "benchtest"))
	s.borrow(t, append([]string{base}, built...)...)
	for _, what := range s.runtimeDirs() {
		s.before[what] = true
	}
	return s
}

// borrow copies built templates out of the cache, where they are built first
// if need be.
func (s *stage) borrow(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		build := exec.CommandContext(t.Context(), s.command, "template", "build", name)
		build.Dir, build.Env = suiteDir(t), append(os.Environ(), "BENCHTEST_HOME="+cache(t))
		out, err := build.CombinedOutput()
		require.NoError(t, err, string(out))
		// In the end the build's own word: an older build may be there too.
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		built := regexp.MustCompile(`template-` + name + `-[0-9a-f]{8}`).FindString(lines[len(lines)-1])
		require.NotEmpty(t, built, string(out))
		copyTree(t, filepath.Join(s.home, "templates"), filepath.Join(cache(t), "templates", built))
	}
}

// copyTree copies files and trees with all attributes, as links where it can.
func copyTree(t *testing.T, to string, from ...string) {
	t.Helper()
	for _, path := range from {
		if exec.CommandContext(t.Context(), "cp", "-al", path, to).Run() == nil {
			continue
		}
		require.NoError(t, os.RemoveAll(filepath.Join(to, filepath.Base(path))))
		out, err := exec.CommandContext(t.Context(), "cp", "-a", path, to).CombinedOutput()
		require.NoError(t, err, string(out))
	}
}

func suiteDir(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("testdata/suite")
	require.NoError(t, err)
	return dir
}

// env is a run's environment. TMPDIR is short enough for sockets.
func (s *stage) env() []string {
	return append(append(os.Environ(), "BENCHTEST_HOME="+s.home, "TMPDIR="+s.tmp, "SOAK_MARK="+s.mark), s.environ...)
}

// argv is what is run, by whom and where.
func (s *stage) argv(argv []string) []string {
	return s.meeting.enter(s.dir, localtest.As(s.user, argv...))
}

// A run is one run of the suite that can be killed.
type run struct {
	cmd   *exec.Cmd
	out   *strings.Builder
	begun time.Time
	done  chan struct{} // closed when it has ended
	err   error         // valid then
}

// start starts a run of the suite.
func (s *stage) start(t *testing.T, args ...string) *run {
	t.Helper()
	argv := s.argv(append([]string{s.suite, "-test.timeout=0"}, args...))
	r := &run{out: &strings.Builder{}, done: make(chan struct{})}
	// Not the test's context: it must not end a run that is looked at.
	r.cmd = exec.CommandContext(context.WithoutCancel(t.Context()), argv[0], argv[1:]...)
	r.cmd.Dir, r.cmd.Env = s.dir, s.env()
	r.cmd.Stdout, r.cmd.Stderr = r.out, r.out
	r.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	r.cmd.WaitDelay = time.Second
	r.begun = time.Now()
	require.NoError(t, r.cmd.Start())
	t.Cleanup(func() { _ = r.cmd.Process.Kill() }) // nil once it has been waited for
	go func() { r.err = r.cmd.Wait(); close(r.done) }()
	return r
}

// finish waits until the run has ended and says whether it passed.
func (r *run) finish(t *testing.T) bool {
	t.Helper()
	select {
	case <-r.done:
	case <-time.After(5 * time.Minute):
		require.Fail(t, "the run does not end", r.out.String())
	}
	return r.err == nil
}

// pass makes a whole run, which passes, and says how long it took.
func (s *stage) pass(t *testing.T, args ...string) time.Duration {
	t.Helper()
	r := s.start(t, args...)
	require.True(t, r.finish(t), r.out.String())
	return time.Since(r.begun)
}

// benchtest runs the command and returns what it said.
func (s *stage) benchtest(t *testing.T, args ...string) string {
	t.Helper()
	argv := s.argv(append([]string{s.command}, args...))
	cmd := exec.CommandContext(t.Context(), argv[0], argv[1:]...)
	cmd.Dir, cmd.Env = s.dir, s.env()
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	return string(out)
}

// unbuild deletes the small template, so that the next run builds it.
func (s *stage) unbuild(t *testing.T) {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(s.home, "templates", "template-"+small+"-????????"))
	require.NoError(t, err)
	for _, dir := range found {
		s.benchtest(t, "template", "delete", filepath.Base(dir))
	}
}

// forget removes a template out of the home, as if it had never been built.
func (s *stage) forget(name string) error {
	found, err := filepath.Glob(filepath.Join(s.home, "templates", "template-"+name+"-????????"))
	for _, dir := range found {
		err = errors.Join(err, os.RemoveAll(dir))
	}
	return err
}

// runs is where the runs' records are.
func (s *stage) runs() string { return filepath.Join(s.home, "runs") }
