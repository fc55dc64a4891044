package soak_test

import (
	"context"
	"math/rand/v2"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// purged is how long a purge may take.
const purged = 5 * time.Second

// orphan makes a run that is dead, and its janitor too: killed at the given
// part of a run that takes whole. all kills its monitors as well.
func (s *stage) orphan(t *testing.T, after time.Duration, all bool) {
	t.Helper()
	r := s.start(t)
	select {
	case <-r.done:
		return
	case <-time.After(after):
	}
	for _, flag := range []string{"-benchtest.janitor=", "-benchtest.monitor="} {
		for _, pid := range pids() {
			if strings.Contains(commandLine(pid), s.suite+" "+flag) && (all || flag == "-benchtest.janitor=") {
				_ = syscall.Kill(pid, syscall.SIGKILL) // it may just have ended
			}
		}
	}
	require.NoError(t, r.cmd.Process.Kill())
	<-r.done
}

// With the janitor killed, what is left is left, and a purge removes it: at
// once, all of it, and however often it is killed itself.
func TestPurgeRemovesWhatAJanitorCouldNot(t *testing.T) { // not parallel: it measures time
	heavy(t)
	s := newStage(t)
	whole := s.pass(t)
	untouched := s.snapshot(t, base)
	n := times(t, "SOAK_PURGES", 3, 20)
	control, worst := 0, time.Duration(0)
	for i := range n {
		s.unbuild(t)
		s.orphan(t, whole*time.Duration(2*i+1)/time.Duration(2*n), i%3 == 2)
		<-time.After(gone) // the control: nobody tidies up
		left := s.left()
		if len(left) > 0 {
			control++
		}
		if i%2 == 1 {
			s.killedPurges(t, 3)
		}
		begun := time.Now()
		said := s.benchtest(t, "sandbox", "purge")
		took := time.Since(begun)
		worst = max(worst, took)
		assert.Empty(t, s.left(), said)
		assert.Less(t, took, purged)
		t.Logf("orphan %d left %d things; purged after %s", i, len(left), took.Round(time.Millisecond))
	}
	assert.Greater(t, control, n/2, "without janitor and purge something is left")
	require.Equal(t, untouched, s.snapshot(t, base))
	s.pass(t)
	t.Logf("%d orphans, %d of which left something; purges took at most %s", n, control, worst.Round(time.Millisecond))
}

// killedPurges begins n purges and kills each in its first third of a second.
func (s *stage) killedPurges(t *testing.T, n int) {
	t.Helper()
	for range n {
		cmd := exec.CommandContext(context.WithoutCancel(t.Context()), s.command, "sandbox", "purge")
		cmd.Dir, cmd.Env = s.dir, s.env()
		require.NoError(t, cmd.Start())
		<-time.After(time.Duration(rand.IntN(300)) * time.Millisecond)
		_ = cmd.Process.Kill() // it may be through
		_ = cmd.Wait()
	}
}
