package isolate_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/engines"
	"github.com/benchtest-dev/benchtest/benchtest/engines/isolate"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/providers/bastion"
	"github.com/benchtest-dev/benchtest/providers/bastion/bastiontest"
)

// behindBastion gives a confined office the host web1, as an attempt does.
func behindBastion(t *testing.T, o *office, cell *isolate.Cell, binary string) *bastion.Bastion {
	t.Helper()
	uid, gid, own := cell.Owner()
	require.True(t, own)
	guest := bastiontest.Start(t)
	b, err := bastion.Start(t.Context(), bastion.Config{
		Dir: filepath.Join(t.TempDir(), "ssh"), Binary: binary, Log: t.Output(), Owner: &bastion.Owner{UID: uid, GID: gid},
		Hosts: map[string]bastion.Upstream{"web1": {Machine: guest, Access: guest.Access()}},
	})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, b.Close()) })
	cell.Show(filepath.Dir(b.SSHConfigPath()), filepath.Dir(b.Socket()))
	o.Work.SSHConfig = b.SSHConfigPath()
	return b
}

// closed copies the test binary to where others may not even look, as a umask
// of 077 would have it.
func closed(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/var/lib", "benchtest-closed-") //nolint:usetesting // not below /tmp, which is hidden anyway
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	b, err := os.ReadFile(executable(t))
	require.NoError(t, err)
	path := filepath.Join(dir, "scenarios.test")
	require.NoError(t, os.WriteFile(path, b, 0o700))
	return path
}

// TestHonest: an engine that does its work by the contract notices nothing.
func TestHonest(t *testing.T) {
	t.Parallel()
	requireRoot(t)
	needs(t, "ssh", "openssh-client")
	for _, tt := range []struct {
		name   string
		binary func(*testing.T) string
	}{
		{"our binary where go test puts it", func(t *testing.T) string { t.Helper(); return executable(t) }},
		{"our binary for root's eyes only", closed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o, s, binary := newOffice(t), newStage(t), tt.binary(t)
			config := s.config()
			config.Binary = binary
			b := behindBastion(t, o, o.confine(t, config), binary)
			out := o.sh(t, `
set -e
cat                                            # the ticket's body
ssh -F "$BENCHTEST_SSH_CONFIG" web1 'echo hello from $HOME; exit 3' </dev/null || echo "status $?"
echo data | ssh -F "$BENCHTEST_SSH_CONFIG" web1 cat
test "$PWD" = "$HOME"; test -w "$HOME"; touch "$HOME/x" /tmp/x /var/tmp/x /dev/shm/x
test "$(id -un)" = benchtest-engine
f=$(mktemp); echo ok >"$f"; cat "$f" <(echo substituted)
printf '#!/bin/sh\necho own script\n' >run; chmod +x run; ./run
sort /etc/passwd >/dev/null; date >/dev/null; : >/dev/null; head -c 4 /dev/urandom >/dev/null
echo '{"resolution":"success","plan":"did it"}' >"$BENCHTEST_JOB"`)
			for _, line := range []string{"the ask", "hello from ", "status 3", "data", "ok", "substituted", "own script"} {
				assert.Contains(t, out, line)
			}
			var ran []string
			for _, r := range b.Commands() {
				ran = append(ran, strings.Join(r.Argv, " "))
			}
			assert.Len(t, ran, 2, "%v", ran)
			entries, err := os.ReadDir(o.Work.Dir)
			require.NoError(t, err)
			assert.Empty(t, entries, "its files are its own")
		})
	}
}

// TestCell_end: exit statuses, signals and limits mean what they mean without
// a cell, and the job record is found.
func TestCell_end(t *testing.T) {
	t.Parallel()
	requireRoot(t)
	for _, tt := range []struct {
		name, script string
		want         rules.Resolution
		notStarted   bool
		limit        time.Duration // 0: it ends by itself
	}{
		{"exit 0", `exit 0`, rules.Success, false, 0},
		{"exit 1", `exit 1`, rules.AgenticFailure, false, 0},
		{"exit 75", `exit 75`, rules.HardFailure, true, 0},
		{"exit 127", `exit 127`, rules.HardFailure, false, 0},
		{"dies", `kill -KILL $$`, rules.HardFailure, false, 0},
		{"its record wins", `echo '{"resolution":"no_action"}' >$BENCHTEST_JOB; exit 1`, rules.NoAction, false, 0},
		{"ends at SIGTERM", `trap 'exit 1' TERM; while :; do read -rt 0.05 <> <(:); done`, rules.AgenticFailure, false, time.Second},
		{"ignores SIGTERM", `trap '' TERM; while :; do :; done`, rules.HardFailure, false, time.Second},
		{"stopped", `kill -STOP $$`, rules.HardFailure, false, time.Second},
		{"in another session", `exec setsid -w bash -c 'trap "" TERM; while :; do :; done'`, rules.HardFailure, false, time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t)
			cell := o.confine(t, isolate.Config{})
			ctx := t.Context()
			if tt.limit > 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, tt.limit)
				defer cancel()
			}
			c := &engines.Command{Argv: []string{"bash", "-c", tt.script}, Grace: o.grace}
			start := time.Now()
			j, err := c.Work(ctx, o.Work)
			if tt.notStarted {
				require.ErrorIs(t, err, engines.ErrNotStarted)
			} else {
				require.NoError(t, err)
			}
			assert.Equal(t, tt.want, j.Resolution)
			assert.Less(t, time.Since(start), tt.limit+o.grace+10*time.Second)
			assert.Equal(t, []string{cell.By()}, o.Isolated())
			uid, _, _ := cell.Owner()
			assert.Empty(t, processesOf(uid))
		})
	}
}

// TestCell_notStarted: what keeps the program from starting is said.
func TestCell_notStarted(t *testing.T) {
	t.Parallel()
	requireRoot(t)
	dir := t.TempDir()
	broken := filepath.Join(dir, "broken")
	require.NoError(t, os.WriteFile(broken, []byte("#!/nonexistent/interpreter\n"), 0o755))
	o := newOffice(t)
	o.confine(t, isolate.Config{})
	_, err := (&engines.Command{Argv: []string{broken}}).Work(t.Context(), o.Work)
	require.ErrorIs(t, err, engines.ErrNotStarted)
	require.ErrorContains(t, err, "start "+broken+" as user 21")

	_, err = (&engines.Command{Argv: []string{"true"}}).Work(t.Context(), o.Work)
	require.ErrorIs(t, err, engines.ErrNotStarted)
	require.ErrorContains(t, err, "the cell has its program")
}
