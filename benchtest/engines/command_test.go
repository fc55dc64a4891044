package engines_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/engines"
	"github.com/benchtest-dev/benchtest/benchtest/engines/enginetest"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

// program is an engine command that runs script.
func program(script string) *engines.Command {
	return &engines.Command{Argv: []string{"bash", "-c", script}, Grace: 300 * time.Millisecond}
}

func TestCommand_exitStatus(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		script     string
		want       rules.Resolution
		notStarted bool
	}{
		{"exit 0", rules.Success, false},
		{"exit 1", rules.AgenticFailure, false},
		{"exit 2", rules.HardFailure, false},
		{"exit 74", rules.HardFailure, false},
		{"exit 75", rules.HardFailure, true},
		{"exit 127", rules.HardFailure, false},
		{"exit 255", rules.HardFailure, false},
		{"kill -KILL $$", rules.HardFailure, false},
		{"kill -TERM $$", rules.HardFailure, false},
	} {
		t.Run(tt.script, func(t *testing.T) {
			t.Parallel()
			j, err := program(tt.script).Work(t.Context(), enginetest.NewDesk(t, "").Work)
			if tt.notStarted {
				require.ErrorIs(t, err, engines.ErrNotStarted)
			} else {
				require.NoError(t, err)
			}
			assert.Equal(t, tt.want, j.Resolution)
		})
	}
}

func TestCommand_notStarted(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		c    *engines.Command
	}{
		{"no such program", &engines.Command{Argv: []string{"no-such-engine"}}},
		{"no program", &engines.Command{}},
		{"a directory", &engines.Command{Argv: []string{"/tmp"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := tt.c.Work(t.Context(), enginetest.NewDesk(t, "").Work)
			require.ErrorIs(t, err, engines.ErrNotStarted)
		})
	}
}

// TestCommand_environment: the contract, and nothing of the driver's but what it names.
func TestCommand_environment(t *testing.T) { //nolint:paralleltest // sets the environment
	t.Setenv("BENCHTEST_DB_PASSWORD", "canary-1")
	t.Setenv("CANARY_TOKEN", "canary-2")
	t.Setenv("WANTED_KEY", "wanted")
	t.Setenv("LANG", "C.UTF-8")
	t.Setenv("HOME", "/root/canary-3")
	d := enginetest.NewDesk(t, "body line 1\nline 2 \x00 ü", "web1", "db1")
	c := &engines.Command{Argv: []string{"env", "-0"}, Env: []string{"WANTED_KEY", "UNSET_KEY"}}
	_, err := c.Work(t.Context(), d.Work)
	require.NoError(t, err)
	got := strings.Split(strings.TrimSuffix(d.Transcript.String(), "\x00"), "\x00")
	slices.Sort(got)
	assert.Equal(t, []string{
		"BENCHTEST_ATTEMPT=nginx/001-broken-config/i1",
		"BENCHTEST_DEADLINE=" + d.Work.Deadline.Format(time.RFC3339),
		"BENCHTEST_HOSTS=web1 db1",
		"BENCHTEST_JOB=" + filepath.Join(d.Work.Dir, "job.json"),
		"BENCHTEST_RUN_ID=20260102T030405Z-abcdef",
		"BENCHTEST_SSH_CONFIG=/nonexistent/ssh_config",
		"BENCHTEST_TICKET_BODY=body line 1\nline 2  ü",
		"BENCHTEST_TICKET_TITLE=Web server down",
		"HOME=" + d.Work.Dir,
		"LANG=C.UTF-8",
		"PATH=" + os.Getenv("PATH"),
		"WANTED_KEY=wanted",
	}, got)
}

// TestCommand_trace: its own spans belong below the attempt's, whatever the
// driver's own place is.
func TestCommand_trace(t *testing.T) { //nolint:paralleltest // sets the environment
	t.Setenv("TRACEPARENT", "the driver's")
	c := &engines.Command{Argv: []string{"sh", "-c", `echo "$TRACEPARENT $TRACESTATE"`}, Env: []string{"TRACEPARENT"}}
	d := enginetest.NewDesk(t, "", "web1")
	_, err := c.Work(t.Context(), d.Work)
	require.NoError(t, err)
	assert.Equal(t, "the driver's \n", d.Transcript.String(), "nobody collects spans")

	d = enginetest.NewDesk(t, "", "web1")
	d.Work.TraceParent, d.Work.TraceState = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "vendor=1"
	_, err = c.Work(t.Context(), d.Work)
	require.NoError(t, err)
	assert.Equal(t, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01 vendor=1\n", d.Transcript.String())
}

func TestCommand_streams(t *testing.T) {
	t.Parallel()
	d := enginetest.NewDesk(t, "the ask\n")
	_, err := program(`pwd; ls -A; cat; echo problem >&2`).Work(t.Context(), d.Work)
	require.NoError(t, err)
	assert.Equal(t, d.Work.Dir+"\nthe ask\n", d.Transcript.String(), "an empty directory of its own, the body on standard input")
	assert.Equal(t, "problem\n", d.Log.String())
	assert.Equal(t, []string{"none"}, d.Isolated())
}

func TestCommand_largeBody(t *testing.T) {
	t.Parallel()
	d := enginetest.NewDesk(t, strings.Repeat("ä", 300<<10))
	_, err := program(`wc -c; echo ${#BENCHTEST_TICKET_BODY}`).Work(t.Context(), d.Work)
	require.NoError(t, err, "more than a variable can hold")
	assert.Regexp(t, fmt.Sprintf(`^%d\n\d{5,6}\n$`, 600<<10), d.Transcript.String())

	_, err = program(`exec 0<&-; exit 0`).Work(t.Context(), d.Work)
	require.NoError(t, err, "it need not read its standard input")
}

// alive reports whether the process whose ID the file holds still runs.
func alive(t *testing.T, pidFile string) bool {
	t.Helper()
	b, err := os.ReadFile(pidFile)
	require.NoError(t, err)
	pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
	require.NoError(t, err)
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	zombie := err == nil && strings.Contains(string(stat), ") Z ")
	return syscall.Kill(pid, 0) == nil && !zombie
}

func TestCommand_deadline(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, script string
		want         rules.Resolution
		kill         bool // it takes SIGKILL
	}{
		{"ends at SIGTERM", `trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.02; done`, rules.Success, false},
		{"knows nothing of signals", `echo ready; sleep 600; true`, rules.HardFailure, false},
		{"ignores SIGTERM", `trap '' TERM; echo ready; while :; do sleep 0.02; done`, rules.HardFailure, true},
		{"its child ignores SIGTERM", `(trap '' TERM; echo ready; exec sleep 600) & wait; sleep 600`, rules.HardFailure, false},
		{"stopped", `(until grep -q ') T ' /proc/$$/stat; do :; done; echo ready) & kill -STOP $$`, rules.HardFailure, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := enginetest.NewDesk(t, "")
			pid := filepath.Join(d.Work.Dir, "pid")
			c := program("echo $$ >" + pid + "; " + tt.script)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			type result struct {
				job rules.Job
				err error
			}
			ended := make(chan result, 1)
			go func() {
				j, err := c.Work(ctx, d.Work)
				ended <- result{j, err}
			}()
			require.Eventually(t, func() bool { return strings.Contains(d.Transcript.String(), "ready") }, 10*time.Second, time.Millisecond)
			start := time.Now()
			cancel()
			r := <-ended
			took := time.Since(start)
			require.NoError(t, r.err)
			assert.Equal(t, tt.want, r.job.Resolution)
			assert.Equal(t, tt.kill, took >= c.Grace, "took %s", took)
			assert.Less(t, took, c.Grace+3*time.Second)
			assert.False(t, alive(t, pid))
		})
	}
}

// TestCommand_leavings: what the program leaves running goes with it, and does
// not hold up its end.
func TestCommand_leavings(t *testing.T) {
	t.Parallel()
	d := enginetest.NewDesk(t, "")
	pid := filepath.Join(d.Work.Dir, "pid")
	c := program("sleep 600 & echo $! >" + pid + "; echo done")
	c.Grace = time.Minute
	start := time.Now()
	j, err := c.Work(t.Context(), d.Work)
	require.NoError(t, err)
	assert.Equal(t, rules.Success, j.Resolution)
	assert.Less(t, time.Since(start), 10*time.Second)
	assert.Eventually(t, func() bool { return !alive(t, pid) }, 5*time.Second, 10*time.Millisecond)
}

// TestCommand_flood: a flood passes through and nothing of it is kept.
func TestCommand_flood(t *testing.T) {
	t.Parallel()
	d := enginetest.NewDesk(t, "")
	counter := &countWriter{}
	d.Work.Transcript = counter
	j, err := program(`head -c 100000000 /dev/zero; echo; echo '{"type":"result","num_turns":3}'`).Work(t.Context(), d.Work)
	require.NoError(t, err)
	assert.Greater(t, counter.n, 100_000_000)
	assert.Equal(t, 3, j.Usage.Turns, "what follows a line that is too long counts")
}

type countWriter struct{ n int }

func (c *countWriter) Write(p []byte) (int, error) {
	c.n += len(p)
	return len(p), nil
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

// TestCommand_unrecorded: work without its record is no result.
func TestCommand_unrecorded(t *testing.T) {
	t.Parallel()
	d := enginetest.NewDesk(t, "")
	d.Work.Transcript = brokenWriter{}
	_, err := program("echo x").Work(t.Context(), d.Work)
	require.ErrorContains(t, err, "record transcript: no space left on device")
	assert.NotErrorIs(t, err, engines.ErrNotStarted)
}

func TestCommand_jobRecord(t *testing.T) {
	t.Parallel()
	secret := filepath.Join(t.TempDir(), "secret.json")
	require.NoError(t, os.WriteFile(secret, []byte(`{"plan":"stolen"}`), 0o600))
	for _, tt := range []struct {
		name, script string
		want         rules.Job
		log          string
	}{
		{"none", `true`, rules.Job{Resolution: rules.Success}, ""},
		{"its resolution wins", `echo '{"resolution":"no_action","plan":"p"}' >$BENCHTEST_JOB; exit 0`, rules.Job{Resolution: rules.NoAction, Plan: "p"}, ""},
		{"the exit status where it has none", `echo '{"plan":"p"}' >$BENCHTEST_JOB; exit 1`, rules.Job{Resolution: rules.AgenticFailure, Plan: "p"}, ""},
		{
			"it cannot vouch for itself",
			`echo '{"tasks":[{"host":"web1","commands":[{"argv":["nginx","-t"],"evidence":"observed"}]}],"gateway":{"status":"resolved"}}' >$BENCHTEST_JOB`,
			rules.Job{Resolution: rules.Success, Tasks: []rules.Task{{Host: "web1", Commands: []rules.Command{{Argv: []string{"nginx", "-t"}, Evidence: rules.SelfReported}}}}},
			"",
		},
		{"no JSON", `echo '{"plan":' >$BENCHTEST_JOB`, rules.Job{Resolution: rules.Success}, "does not count"},
		{"empty", `: >$BENCHTEST_JOB`, rules.Job{Resolution: rules.Success}, "does not count"},
		{"wrong type", `echo '{"tasks":7}' >$BENCHTEST_JOB`, rules.Job{Resolution: rules.Success}, "tasks"},
		{"a symbolic link", `ln -s ` + secret + ` $BENCHTEST_JOB`, rules.Job{Resolution: rules.Success}, "no regular file"},
		{"a FIFO", `mkfifo $BENCHTEST_JOB`, rules.Job{Resolution: rules.Success}, "no regular file"},
		{"a directory", `mkdir $BENCHTEST_JOB`, rules.Job{Resolution: rules.Success}, "no regular file"},
		{"too large", `truncate -s 1G $BENCHTEST_JOB`, rules.Job{Resolution: rules.Success}, "larger than"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := enginetest.NewDesk(t, "")
			j, err := program(tt.script).Work(t.Context(), d.Work)
			require.NoError(t, err)
			assert.Equal(t, tt.want, j)
			assert.Contains(t, d.Log.String(), tt.log)
			assert.Equal(t, tt.log == "", d.Log.String() == "")
		})
	}
}

const claude = `{"type":"system","subtype":"init","session_id":"s","model":"claude-x","tools":["Bash"]}
{"type":"assistant","message":{"content":[{"type":"text","text":"I look."},{"type":"tool_use","id":"t1","name":"Bash","input":{"command":"ssh web1 nginx -t"}}]}}
{"type":"user","message":{"content":[{"type":"tool_result","tool_use_id":"t1","content":"ok"}]}}
plain text in between
{"type":"result","subtype":"success","num_turns":2,"total_cost_usd":0.25,"usage":{"input_tokens":10,"cache_read_input_tokens":5,"output_tokens":7}}
`

func TestCommand_streamJSON(t *testing.T) {
	t.Parallel()
	d := enginetest.NewDesk(t, claude)
	j, err := program("cat").Work(t.Context(), d.Work)
	require.NoError(t, err)
	assert.Equal(t, rules.Job{
		Resolution: rules.Success,
		Messages:   []string{"I look."},
		Usage:      rules.Usage{Model: "claude-x", InputTokens: 15, OutputTokens: 7, CostUSD: 0.25, Turns: 2},
		Tasks:      []rules.Task{{Commands: []rules.Command{{Argv: []string{"bash", "-c", "ssh web1 nginx -t"}, Evidence: rules.SelfReported}}}},
	}, j)
	assert.Equal(t, claude, d.Transcript.String())

	d = enginetest.NewDesk(t, claude)
	j, err = program(`cat; echo '{"usage":{"model":"own"},"messages":["m"],"tasks":[{"host":"web1"}]}' >$BENCHTEST_JOB`).Work(t.Context(), d.Work)
	require.NoError(t, err)
	assert.Equal(t, rules.Job{
		Resolution: rules.Success, Messages: []string{"m"}, Usage: rules.Usage{Model: "own"}, Tasks: []rules.Task{{Host: "web1"}},
	}, j, "the job record says it better")
}

func TestNewCommand(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		line, env  string
		argv, env2 []string
		err        string
	}{
		{"agent -p 'a b' \"c d\" e\\ f", "A, B,,C", []string{"agent", "-p", "a b", "c d", "e f"}, []string{"A", "B", "C"}, ""},
		{"agent $(id) | cat ; x", "", []string{"agent", "$(id)", "|", "cat", ";", "x"}, nil, ""},
		{"", "", nil, nil, "needs a program"},
		{"agent 'open", "", nil, nil, "read engine command"},
		{"agent", "KEY=secret", nil, nil, "no name of a variable"},
	} {
		c, err := engines.NewCommand(tt.line, tt.env)
		if tt.err != "" {
			require.ErrorContains(t, err, tt.err)
			continue
		}
		require.NoError(t, err)
		assert.Equal(t, tt.argv, c.Argv)
		assert.ElementsMatch(t, tt.env2, c.Env)
	}
}
