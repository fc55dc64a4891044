package soak_test

import (
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// gone is how soon nothing may be left of a run that was killed.
const gone = 2 * time.Second

// goneAfter waits until nothing is left and says how long that took.
func (s *stage) goneAfter(t *testing.T, limit time.Duration) time.Duration {
	t.Helper()
	begun := time.Now()
	var last []string
	for {
		left := s.left()
		took := time.Since(begun)
		if len(left) == 0 && took <= limit {
			if took > limit/2 {
				t.Logf("slow; what went last:\n%s", strings.Join(last, "\n"))
			}
			return took
		}
		if len(left) > 0 {
			last = left
		}
		if took > limit {
			assert.Failf(t, "something is left", "after %s:\n%s", took, strings.Join(last, "\n"))
			// The next kill is to have a clean start.
			require.Eventually(t, func() bool { return len(s.left()) == 0 }, time.Minute, 100*time.Millisecond, "left for good")
			return time.Since(begun)
		}
		<-time.After(5 * time.Millisecond)
	}
}

// killAfter kills the run, or with group its whole process group, unless it
// ends before.
func (r *run) killAfter(t *testing.T, after time.Duration, group bool) (killed bool) {
	t.Helper()
	select {
	case <-r.done:
		return false
	case <-time.After(after):
	}
	pid := r.cmd.Process.Pid
	if group {
		pid = -pid // as from a terminal, or a CI that gives up
	}
	require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
	<-r.done
	return true
}

// A run is killed again and again, at moments spread evenly over its whole
// length, the build of its template included.
func TestKilledRunsLeaveNothing(t *testing.T) { // not parallel: it measures time
	heavy(t)
	s := newStage(t)
	whole := s.pass(t)
	require.Empty(t, s.left(), "a run that passes leaves nothing")
	untouched, layer := s.snapshot(t, base), s.manifest(t, small)
	n := times(t, "SOAK_KILLS", 6, 100)
	var took []time.Duration
	built := 0
	for i := 0; i < n; {
		s.unbuild(t)
		after := whole * time.Duration(2*i+1) / time.Duration(2*n)
		r := s.start(t)
		if !r.killAfter(t, after, i%2 == 1) {
			whole = time.Since(r.begun) // runs have become faster
			continue
		}
		i++
		took = append(took, s.goneAfter(t, gone))
		t.Logf("kill %d after %s: all gone after %s", i, after.Round(time.Millisecond), took[i-1].Round(time.Millisecond))
		if m := s.manifest(t, small); m != "" {
			built++
			require.Equal(t, layer, m, "a template is absent or whole")
		}
		if i%10 == 0 {
			s.pass(t)
		}
	}
	require.Equal(t, untouched, s.snapshot(t, base), "the template it builds on is intact")
	s.pass(t)
	slices.Sort(took)
	t.Logf("%d kills over %s, %d of them after the template was built; all gone after: median %s, worst %s", n,
		whole.Round(time.Millisecond), built, took[n/2].Round(time.Millisecond), took[n-1].Round(time.Millisecond))
}

// A run that bootstraps Debian is killed meanwhile: mmdebstrap, apt and all
// that they started end with it.
func TestKilledBootstrapLeavesNothing(t *testing.T) { // not parallel: it measures time
	heavy(t)
	s := newStage(t)
	require.NoError(t, s.forget(base))
	n := times(t, "SOAK_BOOTSTRAPS", 1, 6)
	for i := range n {
		r := s.start(t)
		// A little after its own begin, and to the end of most of the work.
		require.True(t, r.killAfter(t, 4*time.Second+time.Duration(i)*5*time.Second, i%2 == 1), r.out.String())
		require.Contains(t, r.out.String(), "bootstrapping")
		t.Logf("kill %d: all gone after %s", i, s.goneAfter(t, gone).Round(time.Millisecond))
		require.Empty(t, s.template(t, base), "absent")
	}
}

// What helps a run is killed while it runs, again and again. The run ends by
// itself, however, and leaves nothing.
func TestKilledHelpersLeaveNothing(t *testing.T) { // not parallel: it measures time
	heavy(t)
	tests := []struct {
		name  string
		match func(s *stage, pid int) bool
		once  bool // each run loses one, and not as many as it starts
		pass  bool // the run does not need it
	}{
		{"monitor", func(s *stage, pid int) bool { return strings.Contains(commandLine(pid), " -benchtest.monitor=") }, false, false},
		{"runc", func(_ *stage, pid int) bool { return strings.HasPrefix(commandLine(pid), "runc ") }, true, false},
		{"janitor", func(s *stage, pid int) bool { return strings.Contains(commandLine(pid), " -benchtest.janitor=") }, false, true},
	}
	s := newStage(t, small)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for range times(t, "SOAK_HELPERS", 1, 10) {
				r := s.start(t)
				killed := r.hunt(t, s, tt.match, tt.once)
				require.Positive(t, killed, "there was none to kill: %s", r.out)
				passed := r.finish(t)
				assert.True(t, passed || !tt.pass, r.out)
				t.Logf("%d killed after %s; passed: %v; all gone after %s", killed, time.Since(r.begun).Round(time.Millisecond), passed,
					s.goneAfter(t, gone).Round(time.Millisecond))
			}
		})
	}
	s.pass(t)
}

// hunt kills the processes of the stage's that match as they come, until the
// run ends or, with once, one has been killed.
func (r *run) hunt(t *testing.T, s *stage, match func(*stage, int) bool, once bool) (killed int) {
	t.Helper()
	seen := map[int]bool{}
	for {
		select {
		case <-r.done:
			return killed
		case <-time.After(time.Millisecond):
		}
		for _, pid := range pids() {
			if seen[pid] || !match(s, pid) || s.owns(pid, names(s.runs())) == "" {
				continue
			}
			seen[pid] = true
			if syscall.Kill(pid, syscall.SIGKILL) == nil {
				killed++
			}
			if once {
				return killed
			}
		}
	}
}
