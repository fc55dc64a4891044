package soak_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/fixtures"
)

// Suites that run at once share the budget whatever becomes of one of them, and
// never touch each other's sandboxes.
func TestTwoSuitesAtOnce(t *testing.T) { // not parallel: it counts on processors
	heavy(t)
	tests := []struct {
		name     string
		oneHome  bool
		capacity fixtures.Capacity
		group    string
	}{
		{"two homes, two processors", false, fixtures.Capacity{VCPU: 2}, "pair|service"},
		{"one home, two processors", true, fixtures.Capacity{VCPU: 2}, "pair|service"},
		{"two homes, memory for two machines", false, fixtures.Capacity{MemoryMiB: 1200}, "service"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			factor, capacity := factorFor(t, tt.capacity)
			m := newMeeting(t)
			a := newStage(t, small)
			b := a
			stages := []*stage{a}
			a.meeting = m
			if !tt.oneHome {
				b = newStage(t, small)
				b.meeting = m
				stages = append(stages, b)
			}
			args := []string{factor, "-test.run=" + tt.group, fmt.Sprintf("-benchtest.iter=%d", times(t, "SOAK_TOGETHER", 2, 30))}
			s := watch([]*meeting{m}, stages...)
			trio(t, a, b, args)
			peak := s.peaks(t)
			assertWithin(t, capacity, peak)
			for _, st := range stages {
				st.goneAfter(t, gone)
			}
		})
	}
}

// trio runs two suites, kills the first when both are at work, and starts a
// third in its place. The others pass and keep what is theirs.
func trio(t *testing.T, a, b *stage, args []string) {
	t.Helper()
	victim, other := a.start(t, args...), b.start(t, args...)
	require.Eventually(t, func() bool { return len(a.machines(victim)) > 0 && len(b.machines(other)) > 0 },
		2*time.Minute, 5*time.Millisecond, "both are at work: %s\n%s", victim.out, other.out)
	purgeBeside(t, []*stage{a, b}, victim, nil)
	theirs := b.machines(other)
	run := a.runOf(victim)
	require.True(t, victim.killAfter(t, 0, false), "it is in the middle")
	begun := time.Now()
	require.Eventually(t, func() bool { return len(a.ofRun(run)) == 0 }, gone, 5*time.Millisecond, "%v", a.ofRun(run))
	t.Logf("of what was killed all is gone after %s", time.Since(begun).Round(time.Millisecond))
	survivors(t, b, theirs, other)

	third := a.start(t, args...)
	n := 0
	for !ended(other) || !ended(third) {
		purgeBeside(t, []*stage{a, b}, victim, &n)
		<-time.After(time.Second)
	}
	require.True(t, other.finish(t), other.out)
	require.True(t, third.finish(t), third.out)
	t.Logf("%d purges beside them; both passed: the last after %s", n, time.Since(victim.begun).Round(time.Millisecond))
}

func ended(r *run) bool {
	select {
	case <-r.done:
		return true
	default:
		return false
	}
}

// survivors fails when a machine that still has its lease is not the one that
// it was. Those whose attempts have ended meanwhile are gone as they should be.
func survivors(t *testing.T, s *stage, before map[string]string, r *run) {
	t.Helper()
	now, stay := s.machines(r), 0
	for _, l := range s.leases() {
		was, there := before[l.ID]
		if is, still := now[l.ID]; there && still {
			stay++
			assert.Equal(t, was, is, "machine %s was started again", l.ID)
		}
	}
	t.Logf("%d of the other's %d machines are at work as before", stay, len(before))
}

// purgeBeside purges while suites run: it removes what is dead's alone.
func purgeBeside(t *testing.T, stages []*stage, dead *run, n *int) {
	t.Helper()
	for _, s := range stages {
		out := s.benchtest(t, "sandbox", "purge", "--json")
		var report struct {
			Removed []lease  `json:"removed"`
			Swept   []string `json:"swept"`
		}
		require.NoError(t, json.Unmarshal([]byte(out[max(0, strings.Index(out, "{")):]), &report), out)
		assert.Empty(t, report.Swept, out)
		for _, l := range report.Removed {
			assert.Equal(t, dead.cmd.Process.Pid, l.Owner.PID, "purge removed %s of a living run", l.ID)
			assert.True(t, ended(dead), "purge removed %s of a living run", l.ID)
		}
		if n != nil {
			*n++
		}
	}
}

// machines are the run's guests that are up: their init's PID and start time,
// by ID.
func (s *stage) machines(r *run) map[string]string {
	found := map[string]string{}
	for _, l := range s.leases() {
		if l.Owner.PID != r.cmd.Process.Pid || l.Kind != fixtures.LeaseClone {
			continue
		}
		var state struct {
			Init struct {
				PID   int
				Start uint64
			}
		}
		b, err := os.ReadFile(filepath.Join("/run/benchtest", l.ID, "state.json"))
		if err != nil || json.Unmarshal(b, &state) != nil || state.Init.PID == 0 {
			continue
		}
		if syscall.Kill(state.Init.PID, 0) == nil {
			found[l.ID] = fmt.Sprintf("%d of %d", state.Init.PID, state.Init.Start)
		}
	}
	return found
}

// runOf is the ID of a run that has leases.
func (s *stage) runOf(r *run) string {
	for _, l := range s.leases() {
		if l.Owner.PID == r.cmd.Process.Pid {
			return l.Run
		}
	}
	return ""
}

// ofRun is what is left of one run, while others run in the same home.
func (s *stage) ofRun(run string) []string {
	found := s.cgroups([]string{run})
	for _, name := range names(filepath.Join(s.home, "leases")) {
		b, _ := os.ReadFile(filepath.Join(s.home, "leases", name))
		if strings.Contains(string(b), `"run":"`+run+`"`) {
			found = append(found, "lease "+name)
		}
	}
	short := "-" + run[len(run)-6:] + "-"
	for _, dir := range []string{"/run/benchtest", "/run/runc", filepath.Join(s.home, "machines"), s.tmp} {
		for _, name := range names(dir) {
			if strings.Contains(name, short) {
				found = append(found, filepath.Join(dir, name))
			}
		}
	}
	return found
}

// factorFor is the flag that makes a small budget of this machine's, and that
// budget. A dimension of want that is 0 is as it comes.
func factorFor(t *testing.T, want fixtures.Capacity) (flag string, capacity fixtures.Capacity) {
	t.Helper()
	one, err := fixtures.HostCapacity(1)
	require.NoError(t, err)
	two, err := fixtures.HostCapacity(2)
	require.NoError(t, err)
	total := two.MemoryMiB - one.MemoryMiB
	factor := (float64(want.VCPU) + 0.01) / float64(runtime.NumCPU())
	if want.MemoryMiB > 0 {
		factor = float64(want.MemoryMiB+total-one.MemoryMiB+1) / float64(total)
	}
	text := strconv.FormatFloat(factor, 'f', 6, 64)
	factor, err = strconv.ParseFloat(text, 64)
	require.NoError(t, err)
	capacity, err = fixtures.HostCapacity(factor)
	require.NoError(t, err)
	return "-benchtest.concurrency-factor=" + text, capacity
}

func assertWithin(t *testing.T, c fixtures.Capacity, peak usage) {
	t.Helper()
	assert.LessOrEqual(t, peak.MiB, c.MemoryMiB, "reserved memory")
	assert.LessOrEqual(t, peak.GuestMiB, c.MemoryMiB, "memory of the guests")
	assert.LessOrEqual(t, peak.VCPU, c.VCPU, "reserved processors")
	assert.Positive(t, peak.Guests, "the sampler saw machines")
}

// The control: the same suites exceed the same budget when they do not meet,
// and the same sampler notices.
func TestTwoSuitesThatDoNotMeetExceedTheBudget(t *testing.T) { // not parallel: it counts on processors
	heavy(t)
	factor, capacity := factorFor(t, fixtures.Capacity{MemoryMiB: 600})
	a, b := newStage(t, small), newStage(t, small)
	a.meeting, b.meeting = newMeeting(t), newMeeting(t)
	args := []string{factor, "-test.run=service", "-benchtest.iter=2"}
	s := watch([]*meeting{a.meeting, b.meeting}, a, b)
	first, second := a.start(t, args...), b.start(t, args...)
	require.True(t, first.finish(t), first.out)
	require.True(t, second.finish(t), second.out)
	peak := s.peaks(t)
	assert.Greater(t, peak.MiB, capacity.MemoryMiB, "reserved memory")
	assert.Greater(t, peak.GuestMiB, capacity.MemoryMiB, "memory of the guests")
	assert.Greater(t, peak.Attempts, 1)
	a.goneAfter(t, gone)
	b.goneAfter(t, gone)
}
