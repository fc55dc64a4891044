package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// realHome is a home whose machines are real ones, with templates that are
// built already; they are gone when the test has ended.
func realHome(t *testing.T) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("provider local makes machines as root: run as root")
	}
	if builtBase() == "" {
		t.Skip(unbuilt)
	}
	home := t.TempDir()
	require.NoError(t, lendTo(home))
	t.Cleanup(func() { purgeAll(t, home) })
	return home
}

// process is the command as a process of its own: this binary, by its name.
func process(ctx context.Context, home string, args ...string) *exec.Cmd {
	cmd := program(ctx, os.Args[0])
	cmd.Args = append([]string{"benchtest", "sandbox"}, args...)
	cmd.Env = append(os.Environ(), "BENCHTEST_HOME="+home)
	return cmd
}

// ran is what a process that must succeed printed.
func ran(t *testing.T, home string, args ...string) string {
	t.Helper()
	out, err := process(t.Context(), home, args...).CombinedOutput()
	require.NoError(t, err, "%v: %s", args, out)
	return string(out)
}

// A screen is what a terminal has shown so far.
type screen struct {
	mu    sync.Mutex
	shown bytes.Buffer
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.shown.Write(p)
}

func (s *screen) has(pattern string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return regexp.MustCompile(pattern).Match(s.shown.Bytes())
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.shown.String()
}

// An interactive ssh is a terminal like ours, and follows its size.
//
//nolint:tparallel // its subtests share one machine
func TestSSH_terminal(t *testing.T) {
	t.Parallel()
	home := realHome(t)
	ran(t, home, "create", "--template", "debian-base", "-n", "term")
	for _, tc := range []struct {
		name string
		args []string
	}{
		{"ssh", []string{"ssh", "term"}},
		{"shell", []string{"shell", "term", "--env", "SECRET_OF_OURS"}},
		{"agent", []string{"shell", "term", "--env", "SECRET_OF_OURS", "--", "bash", "--norc"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			cmd := process(ctx, home, tc.args...)
			cmd.SysProcAttr = nil // pty makes it a session of its own
			cmd.Env = append(cmd.Env, "TERM=screen-256color", "SECRET_OF_OURS=hush-hush")
			tty, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 30, Cols: 100})
			require.NoError(t, err)
			defer tty.Close()
			s := &screen{}
			go func() { _, _ = io.Copy(s, tty) }()
			shows := func(keys, pattern string) {
				t.Helper()
				_, err := io.WriteString(tty, keys)
				require.NoError(t, err)
				require.Eventually(t, func() bool { return s.has(pattern) }, 30*time.Second, 20*time.Millisecond, "%q on %s", pattern, s)
			}
			shows("", `[$#] `)
			shows("echo \"<$TERM>\"; stty size\n", `<screen-256color>\s+30 100`)
			require.NoError(t, pty.Setsize(tty, &pty.Winsize{Rows: 41, Cols: 123}))
			require.Eventually(t, func() bool {
				_, _ = io.WriteString(tty, "stty size\n")
				return s.has(`41 123`)
			}, 20*time.Second, 200*time.Millisecond)
			assert.False(t, s.has("hush-hush"), "what goes along is not shown")
			if tc.name != "ssh" {
				shows("echo \"${#SECRET_OF_OURS}!\"\n", `\b9!`)
			}
			_, err = io.WriteString(tty, "exit 7\n")
			require.NoError(t, err)
			err = cmd.Wait()
			require.Error(t, err, "%s", s)
			assert.Equal(t, 7, cmd.ProcessState.ExitCode(), "%s", s)
		})
	}
	described := t.TempDir()
	tic := program(t.Context(), "tic", "-x", "-o", described, "-")
	tic.Stdin = strings.NewReader("benchtest-own|a terminal of ours,use=xterm-256color,\n")
	out, err := tic.CombinedOutput()
	require.NoError(t, err, "%s", out)
	for name, want := range map[string]string{"benchtest-own": `<benchtest-own>\s+256`, "benchtest-none": `<xterm-256color>\s+256`, "a b": `<xterm-256color>`} {
		t.Run("terminal "+name, func(t *testing.T) {
			cmd := process(t.Context(), home, "ssh", "term", "-t", "--", `echo "<$TERM>"; tput colors`)
			cmd.Env = append(cmd.Env, "TERM="+name, "TERMINFO="+described)
			out, err := cmd.CombinedOutput()
			require.NoError(t, err, "%s", out)
			assert.Regexp(t, want, string(out))
		})
	}
}

// A maker that is killed at any moment leaves what purge removes.
//
//nolint:tparallel // its subtests share one home, which each finds empty
func TestKilledMaker(t *testing.T) {
	t.Parallel()
	home := realHome(t)
	suite := filepath.Join(t.TempDir(), "scenarios")
	lay := map[string]string{
		"a/001-x/prepare.sh": "#!/bin/sh\nsleep 5\n",
		"a/001-x/scenario.yaml": `title: x
ticket_title: x
ticket_body: x
hosts: [{host_name: h1, template: debian-base}, {host_name: h2, template: debian-base}]
state: [{label: x, file: /ok, expect: {exists: true}}]
`,
	}
	for name, text := range lay {
		path := filepath.Join(suite, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	for verb, args := range map[string][]string{
		"create":  {"create", "--template", "debian-base", "-n", "victim", "--mount-only", suite},
		"prepare": {"prepare", "-s", "a/001-x", "-p", suite},
	} {
		for _, after := range []time.Duration{20, 60, 120, 250, 500, 1200, 2500} {
			t.Run(fmt.Sprintf("%s after %d ms", verb, after), func(t *testing.T) {
				cmd := process(t.Context(), home, args...)
				require.NoError(t, cmd.Start())
				time.AfterFunc(after*time.Millisecond, func() { _ = cmd.Process.Signal(syscall.SIGKILL) })
				_ = cmd.Wait()
				ran(t, home, "purge")
				if strings.Contains(ran(t, home, "list", "--json", "-m", "local"), `"lease": "created"`) { // it was faster
					ran(t, home, "delete", "victim")
				}
				assert.Equal(t, "[]\n", ran(t, home, "list", "--json", "-m", "local"))
				for _, dir := range []string{"leases", "sandboxes", "machines"} {
					left, err := filepath.Glob(filepath.Join(home, dir, "*benchtest*"))
					require.NoError(t, err)
					assert.Empty(t, left)
				}
				named, err := filepath.Glob(filepath.Join(home, "sandboxes", "[a-z]*"))
				require.NoError(t, err)
				assert.Empty(t, named)
			})
		}
	}
}
