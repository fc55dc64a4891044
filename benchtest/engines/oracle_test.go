package engines_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/engines"
	"github.com/benchtest-dev/benchtest/benchtest/engines/enginetest"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/benchtest/scenario"
	"github.com/benchtest-dev/benchtest/providers"
)

var _ engines.Oracle = engines.Solver{}

func solve(d *enginetest.Desk, files map[string]string) {
	tree := fstest.MapFS{}
	d.Work.Solve.PerHost = map[string]string{}
	for name, text := range files {
		tree[name] = &fstest.MapFile{Data: []byte(text), Mode: 0o644}
		switch {
		case name == "solve.sh":
			d.Work.Solve.Shell = name
		case strings.HasPrefix(name, "solve."):
			d.Work.Solve.PerHost[strings.TrimSuffix(strings.TrimPrefix(name, "solve."), ".sh")] = name
		}
	}
	d.Work.Solution = tree
}

func lines(commands []rules.Command) []string {
	var out []string
	for _, c := range commands {
		out = append(out, c.Host+": "+c.String())
	}
	return out
}

func TestSolver(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		hosts    []string
		files    map[string]string
		want     rules.Resolution
		summary  string // of the last task
		observed []string
	}{
		{
			name: "traces single commands", hosts: []string{"web1"},
			files: map[string]string{"solve.sh": "set -e\nx=1\nif echo one two | grep -q two && [ \"$x\" = 1 ]; then\n  printf '%s\\n' \"a b\" $'c\\nd'\nfi\n"},
			want:  rules.Success, summary: "a b\nc\nd",
			observed: []string{"web1: echo one two", "web1: grep -q two", "web1: printf %s\\n a b c\nd"},
		},
		{
			name: "files stand beside it", hosts: []string{"web1"},
			files: map[string]string{"solve.sh": "cat files/a/b.conf \"$(dirname \"$0\")/files/c\"", "files/a/b.conf": "B", "files/c": "C"},
			want:  rules.Success, summary: "BC",
		},
		{
			name: "knows its host", hosts: []string{"web1", "db1"},
			files: map[string]string{"solve.sh": "echo all $BENCHTEST_HOST", "solve.db1.sh": "echo own $BENCHTEST_HOST"},
			want:  rules.Success, summary: "own db1",
			observed: []string{"web1: echo all web1", "db1: echo own db1"},
		},
		{
			name: "a host without a fix is left alone", hosts: []string{"web1", "db1"},
			files: map[string]string{"solve.db1.sh": "echo done"},
			want:  rules.Success, summary: "done", observed: []string{"db1: echo done"},
		},
		{
			name: "stops at the first that fails", hosts: []string{"web1", "db1"},
			files: map[string]string{"solve.sh": "echo trying; ls /nonexistent; exit 3"},
			want:  rules.AgenticFailure, summary: "solve.sh on web1: exit status 3: ls: cannot access '/nonexistent': No such file or directory",
			observed: []string{"web1: echo trying", "web1: ls /nonexistent"},
		},
		{
			name: "streams are not the trace's", hosts: []string{"web1"},
			files: map[string]string{"solve.sh": "echo out; echo err >&2; exec 2>&1; echo more"},
			want:  rules.Success, summary: "out\nmore", observed: []string{"web1: echo out", "web1: echo err", "web1: echo more"},
		},
		{
			name: "bash below is not traced twice", hosts: []string{"web1"},
			files: map[string]string{"solve.sh": "bash -c 'echo below'; env | grep BASH_ENV || true"},
			want:  rules.Success, summary: "below", observed: []string{"web1: bash -c echo below", "web1: env", "web1: grep BASH_ENV"},
		},
		{
			name: "another interpreter runs untraced", hosts: []string{"web1"},
			files: map[string]string{"solve.sh": "#!/usr/bin/env -S awk -f\nBEGIN { print \"awk\" }\n"},
			want:  rules.Success, summary: "awk",
		},
		{name: "nothing to do", hosts: []string{"web1"}, files: nil, want: rules.NoAction},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := enginetest.NewDesk(t, "ticket", tt.hosts...)
			d.Work.Agents = []scenario.Agent{{AgentName: "ops", HostName: tt.hosts[0]}}
			solve(d, tt.files)
			j, err := engines.Solver{}.Work(t.Context(), d.Work)
			require.NoError(t, err)
			assert.Equal(t, tt.want, j.Resolution, d.Log.String())
			if tt.summary != "" {
				require.NotEmpty(t, j.Tasks)
				assert.Equal(t, tt.summary, j.Tasks[len(j.Tasks)-1].Summary)
			}
			if tt.observed != nil {
				// The commands of a pipeline start in any order.
				assert.ElementsMatch(t, tt.observed, lines(d.Observed()))
			}
			for _, c := range d.Observed() {
				assert.Equal(t, rules.Observed, c.Evidence)
				assert.WithinDuration(t, time.Now(), c.At, time.Minute)
			}
			requireGone(t, d)
		})
	}
}

// requireGone: nothing of the fix is left in the guest.
func requireGone(t *testing.T, d *enginetest.Desk) {
	t.Helper()
	for _, r := range d.Runners {
		for _, c := range r.Ran() {
			if c.Argv[0] == "mkdir" {
				assert.NoDirExists(t, c.Argv[len(c.Argv)-1])
			}
		}
	}
}

func TestSolver_privateDirectory(t *testing.T) {
	t.Parallel()
	d := enginetest.NewDesk(t, "", "web1")
	solve(d, map[string]string{"solve.sh": "stat -c '%a' . solve.sh"})
	j, err := engines.Solver{}.Work(t.Context(), d.Work)
	require.NoError(t, err)
	assert.Equal(t, "700\n700", j.Tasks[0].Summary)
}

// TestSolver_fullDisk: where /tmp cannot be written memory can.
func TestSolver_fullDisk(t *testing.T) {
	t.Parallel()
	d := enginetest.NewDesk(t, "", "web1")
	solve(d, map[string]string{"solve.sh": "pwd"})
	d.Runners["web1"].FailWith(func(c providers.Command) error {
		if c.Argv[0] == "upload" && strings.HasPrefix(c.Argv[1], "/tmp/") {
			return errors.New("no space left on device")
		}
		return nil
	})
	j, err := engines.Solver{}.Work(t.Context(), d.Work)
	require.NoError(t, err)
	assert.Equal(t, rules.Success, j.Resolution)
	assert.Contains(t, j.Tasks[0].Summary, "/dev/shm/benchtest-")
	requireGone(t, d)
}

func TestSolver_notStarted(t *testing.T) {
	t.Parallel()
	lost := errors.New("connection lost")
	for _, tt := range []struct {
		name   string
		change func(*enginetest.Desk)
	}{
		{"no solution", func(d *enginetest.Desk) { d.Work.Solution = nil }},
		{"unknown host", func(d *enginetest.Desk) { d.Work.Hosts = []string{"db9"} }},
		{"guest out of reach", func(d *enginetest.Desk) {
			d.Runners["web1"].FailWith(func(providers.Command) error { return lost })
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := enginetest.NewDesk(t, "", "web1")
			solve(d, map[string]string{"solve.sh": "true"})
			tt.change(d)
			_, err := engines.Solver{}.Work(t.Context(), d.Work)
			require.ErrorIs(t, err, engines.ErrNotStarted)
		})
	}
}

// TestSolver_connectionLost: a fix that takes its machine away has acted.
func TestSolver_connectionLost(t *testing.T) {
	t.Parallel()
	d := enginetest.NewDesk(t, "", "web1", "web2")
	solve(d, map[string]string{"solve.sh": "true"})
	d.Runners["web1"].FailWith(func(c providers.Command) error {
		if c.Argv[0] == "bash" {
			return errors.New("connection lost")
		}
		return nil
	})
	j, err := engines.Solver{}.Work(t.Context(), d.Work)
	require.NoError(t, err)
	assert.Equal(t, rules.HardFailure, j.Resolution)
	assert.Contains(t, j.Tasks[0].Summary, "connection lost")
	assert.Empty(t, d.Runners["web2"].Ran(), "it stops there")
}

func TestSolver_deadline(t *testing.T) {
	t.Parallel()
	d := enginetest.NewDesk(t, "", "web1")
	started := filepath.Join(t.TempDir(), "started")
	solve(d, map[string]string{"solve.sh": "sleep 600 &\ntouch " + started + "\nwait\n"})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan rules.Job)
	go func() {
		j, err := engines.Solver{}.Work(ctx, d.Work)
		assert.NoError(t, err)
		ended <- j
	}()
	require.Eventually(t, func() bool { _, err := os.Stat(started); return err == nil }, 10*time.Second, 5*time.Millisecond)
	cancel()
	j := <-ended
	assert.Equal(t, rules.HardFailure, j.Resolution)
	assert.Subset(t, lines(d.Observed()), []string{"web1: touch " + started, "web1: sleep 600"}, "what ran until then was seen")
	requireGone(t, d)
}
