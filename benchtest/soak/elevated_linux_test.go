package soak_test

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// An ordinary user's run is killed, or what works for it as root, at moments
// spread over its length. What is left is tidied up as it is for root.
func TestKilledElevatedRunsLeaveNothing(t *testing.T) { // not parallel: it measures time
	heavy(t)
	s := newStage(t)
	s.giveTo(t, ordinary(t))
	whole := s.pass(t)
	s.goneAfter(t, gone)
	tests := []struct {
		name string
		kill func(s *stage, r *run) int // returns how many
		// purge: the janitor is killed too, so that a purge must tidy up.
		purge bool
	}{
		{"helper", func(s *stage, _ *run) int { return s.killElevated(s.suite) }, false},
		{"sudo", func(s *stage, _ *run) int { return s.killElevated("sudo") }, false},
		{"run", func(_ *stage, r *run) int { return kill(r.cmd.Process.Pid) }, false},
		{"run and helper", func(s *stage, r *run) int { return kill(r.cmd.Process.Pid) + s.killElevated(s.suite) }, false},
		{"run, helper and janitor", func(s *stage, r *run) int {
			return s.killJanitors() + kill(r.cmd.Process.Pid) + s.killElevated(s.suite)
		}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n, hit := times(t, "SOAK_ELEVATED", 2, 12), 0
			for i := range n {
				s.unbuild(t)
				r := s.start(t)
				after := whole * time.Duration(2*i+1) / time.Duration(2*n)
				select {
				case <-r.done:
					continue
				case <-time.After(after):
				}
				killed := tt.kill(s, r)
				begun := time.Now()
				hit += min(killed, 1)
				passed := r.finish(t)
				t.Logf("%d killed after %s; passed: %v, ended %s later", killed, after.Round(time.Millisecond), passed, time.Since(begun).Round(time.Millisecond))
				s.tidied(t, tt.purge)
			}
			assert.Positive(t, hit, "there was none to kill")
			if long() {
				s.pass(t)
			}
		})
	}
	s.pass(t)
	s.goneAfter(t, gone)
}

// tidied waits until all is gone, with purge or without.
func (s *stage) tidied(t *testing.T, purge bool) {
	t.Helper()
	if !purge {
		t.Logf("all gone after %s", s.goneAfter(t, gone).Round(time.Millisecond))
		return
	}
	<-time.After(gone)
	left := len(s.left())
	begun := time.Now()
	s.benchtest(t, "sandbox", "purge")
	s.goneAfter(t, purged-time.Since(begun)) // the purge's own helper ends a moment after it
	t.Logf("%d things were left; purged after %s", left, time.Since(begun).Round(time.Millisecond))
}

// kill kills a process and returns 1 if it was there.
func kill(pid int) int {
	if syscall.Kill(pid, syscall.SIGKILL) != nil {
		return 0
	}
	return 1
}

// killElevated kills the helpers under sudo, or the sudo above them: those
// whose command line begins with program.
func (s *stage) killElevated(program string) (killed int) {
	for _, pid := range pids() {
		line := commandLine(pid)
		if strings.HasPrefix(line, program+" ") && strings.Contains(line, s.suite+" -benchtest.elevated=") {
			killed += kill(pid)
		}
	}
	return killed
}

// killJanitors kills those of the stage's runs.
func (s *stage) killJanitors() (killed int) {
	for _, pid := range pids() {
		if strings.HasPrefix(commandLine(pid), s.suite+" -benchtest.janitor=") {
			killed += kill(pid)
		}
	}
	return killed
}
