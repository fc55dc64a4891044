package isolate_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/benchtest-dev/benchtest/benchtest/engines/isolate"
	"github.com/benchtest-dev/benchtest/providers/bastion"
	"github.com/benchtest-dev/benchtest/providers/bastion/bastiontest"
)

// canary is in whatever must not be read.
const canary = "canary-5f1c"

// A stage is what an engine would like to get at, laid out where permissions
// alone keep nobody from it.
type stage struct {
	t     *testing.T
	top   string
	words *strings.Replacer
	// A process that stands for the runner.
	runner *exec.Cmd
	ended  chan struct{} // closed when it has
}

func (s *stage) path(name string) string { return filepath.Join(s.top, name) }

func (s *stage) write(name, text string, mode os.FileMode) {
	s.t.Helper()
	require.NoError(s.t, os.MkdirAll(filepath.Dir(s.path(name)), 0o777))
	require.NoError(s.t, os.Chmod(filepath.Dir(s.path(name)), 0o777))
	require.NoError(s.t, os.WriteFile(s.path(name), []byte(text), 0o600))
	require.NoError(s.t, os.Chmod(s.path(name), mode))
}

func newStage(t *testing.T) *stage {
	t.Helper()
	// Not below /tmp, which a cell hides in any case.
	top, err := os.MkdirTemp("/var/lib", "benchtest-stage-") //nolint:usetesting // see above
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(top)) })
	require.NoError(t, os.Chmod(top, 0o755))
	s := &stage{t: t, top: top}
	s.write("checkout/go.mod", "module example.org/ops\n", 0o666)
	s.write("checkout/.git/objects/fix", canary, 0o666)
	s.write("checkout/scenarios/nginx/001-broken/solve.sh", "# "+canary+"\n", 0o666)
	s.write("home/runs/R1/events.jsonl", `{"secret":"`+canary+`"}`+"\n", 0o666)
	s.write("home/leases/L1.json", canary, 0o666)
	s.write("open/note", "", 0o666)
	id, err := os.ReadFile("/usr/bin/id")
	require.NoError(t, err)
	s.write("open/id", string(id), 0o755|os.ModeSetuid)
	mine, err := os.MkdirTemp("", "driver-") //nolint:usetesting // what a driver keeps in /tmp
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(mine)) })
	require.NoError(t, os.Chmod(mine, 0o777))
	require.NoError(t, os.WriteFile(mine+"/secret", []byte(canary), 0o666))
	s.startRunner()
	leak, err := unix.Open(top, unix.O_PATH|unix.O_DIRECTORY, 0) // and not closed on exec
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, unix.Close(leak)) })
	s.words = strings.NewReplacer(
		"CHECKOUT", s.path("checkout"), "SCENARIOS", s.path("checkout/scenarios"), "BOOK", s.path("home"), "OPEN", s.path("open"),
		"TEMPORARY", mine, "RUNNER", strconv.Itoa(s.runner.Process.Pid), "BINARY", executable(t), "CANARY", canary, "TOP", top, "LEAK", strconv.Itoa(leak), "OTHER", s.otherSocket(),
	)
	return s
}

// startRunner starts the process that stands for the runner.
func (s *stage) startRunner() {
	ctx, cancel := context.WithCancel(context.Background())
	s.runner = exec.CommandContext(ctx, "sleep", "600")
	s.runner.Env = []string{"HARNESS_KEY=" + canary}
	s.runner.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	s.runner.WaitDelay = time.Second
	require.NoError(s.t, s.runner.Start())
	s.ended = make(chan struct{})
	go func() {
		_ = s.runner.Wait()
		close(s.ended)
	}()
	s.t.Cleanup(func() {
		cancel()
		<-s.ended
	})
}

// otherSocket is that of another attempt's bastion, open to everybody.
func (s *stage) otherSocket() string {
	guest := bastiontest.Start(s.t)
	b, err := bastion.Start(s.t.Context(), bastion.Config{
		Dir: s.path("scratch/try-2/ssh"), Binary: executable(s.t), Log: s.t.Output(),
		Hosts: map[string]bastion.Upstream{"web1": {Machine: guest, Access: guest.Access()}},
	})
	require.NoError(s.t, err)
	s.t.Cleanup(func() { require.NoError(s.t, b.Close()) })
	for _, dir := range []string{"scratch", "scratch/try-2", "scratch/try-2/ssh"} {
		require.NoError(s.t, os.Chmod(s.path(dir), 0o777))
	}
	require.NoError(s.t, os.Chmod(b.Socket(), 0o666))
	return b.Socket()
}

// config hides what an attempt hides.
func (s *stage) config() isolate.Config {
	return isolate.Config{
		Hide:  []string{s.path("checkout/scenarios"), s.path("home"), s.path("scratch")},
		Cover: []string{s.path("checkout")},
	}
}
