package providers_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/providertest"
)

func TestExec(t *testing.T) {
	t.Parallel()
	s, _ := open(t, providertest.FakeOptions{})
	weird := "it's $HOME `x` \\ \"q\" !\n\ttab *"
	tests := []struct {
		name string
		c    providers.Command
		want providers.Result
	}{
		{"true", providers.Command{Argv: []string{"true"}}, providers.Result{}},
		{"exit status", sh("exit 3"), providers.Result{ExitStatus: 3}},
		{"a signal", sh("kill -TERM $$"), providers.Result{ExitStatus: -1, Signal: "TERM"}},
		{"streams apart", sh("echo out; echo err >&2"), providers.Result{Stdout: []byte("out\n"), Stderr: []byte("err\n")}},
		{
			"arguments arrive as they are",
			providers.Command{Argv: []string{"printf", "%s|", weird, "", "-n"}},
			providers.Result{Stdout: []byte(weird + "||-n|")},
		},
		{"no such command", providers.Command{Argv: []string{"no-such-command"}}, providers.Result{ExitStatus: 127}},
		{
			"standard input",
			providers.Command{Argv: []string{"cat"}, Stdin: strings.NewReader("hello")},
			providers.Result{Stdout: []byte("hello")},
		},
		{"no standard input", providers.Command{Argv: []string{"cat"}}, providers.Result{}},
		{
			"environment",
			providers.Command{Argv: []string{"/bin/sh", "-c", `echo "$A $USER $PATH"`}, Env: []string{"A=b c"}},
			providers.Result{Stdout: []byte("b c root /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n")},
		},
		{"directory", providers.Command{Argv: []string{"pwd"}, Dir: "/usr/bin"}, providers.Result{Stdout: []byte("/usr/bin\n")}},
		{
			"output is cut",
			providers.Command{Argv: []string{"/bin/sh", "-c", "printf %0300000d 7; echo no >&2"}, MaxOutput: 5},
			providers.Result{Stdout: []byte("00000"), StdoutTruncated: true, Stderr: []byte("no\n")},
		},
		{
			"output of just the limit is whole",
			providers.Command{Argv: []string{"printf", "12345"}, MaxOutput: 5},
			providers.Result{Stdout: []byte("12345")},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := s.Exec(within(t, 20*time.Second), tt.c)
			require.NoError(t, err)
			assert.Positive(t, got.Duration)
			got.Duration = 0
			if tt.want.ExitStatus == 127 {
				assert.Contains(t, string(got.Stderr), "not found")
				got.Stderr = nil
			}
			assert.Equal(t, string(tt.want.Stdout), string(got.Stdout))
			assert.Equal(t, string(tt.want.Stderr), string(got.Stderr))
			got.Stdout, got.Stderr, tt.want.Stdout, tt.want.Stderr = nil, nil, nil, nil
			assert.Equal(t, tt.want, got)
		})
	}
}

func TestExecRefuses(t *testing.T) {
	t.Parallel()
	s, f := open(t, providertest.FakeOptions{})
	for name, c := range map[string]providers.Command{
		"argv is empty":            {},
		"begins with a dash":       {Argv: []string{"-c", "x"}},
		"NUL":                      {Argv: []string{"echo", "a\x00b"}},
		"is not NAME=value":        {Argv: []string{"echo"}, Env: []string{"A B=c"}},
		"send it on standard inpu": {Argv: []string{"echo", strings.Repeat("x", 1<<20)}},
	} {
		_, err := s.Exec(t.Context(), c)
		assert.ErrorContains(t, err, name)
	}
	assert.Zero(t, f.Counters().Execs)
	_, err := s.Exec(t.Context(), providers.Command{Argv: []string{"true"}, Dir: "/no/such/dir"})
	assert.ErrorContains(t, err, "not started")
	assert.ErrorContains(t, err, "/no/such/dir")
}

// TestExecLimit checks that at the limit a child, a grandchild in another
// process group and one in the background are all gone.
func TestExecLimit(t *testing.T) {
	t.Parallel()
	s, _ := open(t, providertest.FakeOptions{})
	script := `sleep 301 & echo $!; setsid_less() { perl -e 'setpgrp(0,0); print "$$\n"; $|=1; exec "sleep", "302"' & }; setsid_less; sleep 303 & echo $!; wait`
	began := time.Now()
	r, err := s.Exec(t.Context(), providers.Command{Argv: []string{"/bin/sh", "-c", script}, Limit: 700 * time.Millisecond})
	require.NoError(t, err)
	assert.Less(t, time.Since(began), 2700*time.Millisecond)
	assert.True(t, r.TimedOut)
	assert.Equal(t, -1, r.ExitStatus)
	assert.Equal(t, "KILL", r.Signal)
	pids := strings.Fields(string(r.Stdout))
	require.GreaterOrEqual(t, len(pids), 2)
	for _, pid := range pids {
		assert.Eventually(t, func() bool { return !running(pid) }, 5*time.Second, 10*time.Millisecond, "process %s lives", pid)
	}
}

// running reports whether a process of this host is there and no zombie.
func running(pid string) bool {
	stat, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		return false
	}
	_, after, _ := bytes.Cut(stat, []byte(") "))
	return !bytes.HasPrefix(after, []byte("Z"))
}

func TestExecContext(t *testing.T) {
	t.Parallel()
	s, _ := open(t, providertest.FakeOptions{})
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("the user said so")
	c := sh("echo $$; exec sleep 304")
	c.Stdout = writerFunc(func(p []byte) (int, error) {
		cancel(why)
		return len(p), nil
	})
	r, err := s.Exec(ctx, c)
	require.ErrorIs(t, err, why)
	assert.False(t, r.TimedOut)
	pid := strings.TrimSpace(string(r.Stdout))
	require.NotEmpty(t, pid)
	assert.Eventually(t, func() bool { return !running(pid) }, 5*time.Second, 10*time.Millisecond)
	_, err = s.Exec(t.Context(), providers.Command{Argv: []string{"true"}})
	require.NoError(t, err)
	assert.Equal(t, 1, s.Connections(), "the connection outlives a command")
}

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// TestExecDaemon checks that a descendant that keeps the streams does not keep Exec.
func TestExecDaemon(t *testing.T) {
	t.Parallel()
	s, _ := open(t, providertest.FakeOptions{})
	began := time.Now()
	r, err := s.Exec(t.Context(), sh("sleep 30 & echo $!; echo started"))
	require.NoError(t, err)
	assert.Less(t, time.Since(began), 5*time.Second)
	assert.False(t, r.TimedOut)
	pid, _, _ := strings.Cut(string(r.Stdout), "\n")
	assert.True(t, running(pid), "a command's daemons are not killed")
	_, err = s.Exec(t.Context(), providers.Command{Argv: []string{"kill", pid}})
	require.NoError(t, err)
}

func TestExecTees(t *testing.T) {
	t.Parallel()
	s, _ := open(t, providertest.FakeOptions{})
	var both bytes.Buffer // unguarded: Exec writes one piece at a time
	c := sh("for i in 1 2 3 4 5 6 7 8 9; do echo out$i; echo err$i >&2; done; yes | head -c 100000")
	c.Stdout, c.Stderr, c.MaxOutput = &both, &both, 1000
	r, err := s.Exec(t.Context(), c)
	require.NoError(t, err)
	assert.True(t, r.StdoutTruncated)
	assert.Equal(t, len(r.Stdout)+len(r.Stderr), both.Len())
	assert.Contains(t, both.String(), "err9\n")
}

// TestExecMany runs more commands at once than sshd allows sessions.
func TestExecMany(t *testing.T) {
	t.Parallel()
	s, _ := open(t, providertest.FakeOptions{Exec: echoes})
	var all sync.WaitGroup
	for i := range 60 {
		all.Go(func() {
			r, err := s.Exec(t.Context(), providers.Command{Argv: []string{"echoes", fmt.Sprint(i)}})
			assert.NoError(t, err)
			assert.Equal(t, fmt.Sprint(i), string(r.Stdout))
		})
	}
	all.Wait()
	assert.Equal(t, 1, s.Connections())
}

// echoes answers the command echoes.
func echoes(c providertest.Call) providertest.Answerer {
	if c.Argv[0] != "echoes" {
		return nil
	}
	return func(context.Context) int {
		_, _ = fmt.Fprint(c.Stdout, c.Argv[1])
		return 0
	}
}
