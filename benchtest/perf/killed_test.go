package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/reports"
	"github.com/benchtest-dev/benchtest/reports/store"
)

// A run that is killed at any moment leaves each attempt that finished in the
// record and in the database exactly once, and each other errored as interrupted.
// Which did finish is also known from what go test printed. The suite is the one
// that is measured. SOAK_KILLS says how often, SOAK_SEED when.
func TestKilledSuiteIsRecordedOnce(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("short: it builds a suite: run without -short")
	}
	const scenarios, work, longest = 40, 200 * time.Millisecond, 1500 * time.Millisecond
	kills, seed := number64(t, "SOAK_KILLS", 5), number64(t, "SOAK_SEED", 1)
	s, err := openFakeSuite(t.Context(), scenarios)
	require.NoError(t, err)
	// A janitor may be at work in it for a moment yet.
	t.Cleanup(func() {
		assert.Eventually(t, func() bool { return s.remove() == nil }, time.Minute, 100*time.Millisecond)
	})
	target, err := store.ParseTarget("sqlite://"+filepath.Join(s.home, "killed.db"), "")
	require.NoError(t, err)
	moments := rand.New(rand.NewPCG(seed, seed)) //nolint:gosec // it only chooses moments
	interrupted, printed := 0, 0
	for i := range kills {
		after := time.Duration(moments.Int64N(int64(longest)))
		cmd := group(t.Context(), s.binary, "-test.run", "^Test_fake$", "-test.v", "-benchtest.cpu-cap=8", "-benchtest.db=sqlite://"+filepath.Join(s.home, "killed.db"))
		cmd.Dir = s.dir
		cmd.Env = append(os.Environ(), "BENCHTEST_HOME="+s.home, "BENCHTEST_PERF_WORK="+work.String())
		before := runsIn(t, s.home)
		out, err := os.Create(filepath.Join(t.TempDir(), "out")) // a kill loses nothing that was written there
		require.NoError(t, err)
		cmd.Stdout = out
		require.NoError(t, cmd.Start())
		require.NoError(t, out.Close())
		ended := make(chan struct{})
		go func() { defer close(ended); _ = cmd.Wait() }() // it was killed
		if i%4 > 0 {                                       // every fourth at its beginning
			waitForAttempt(t, s.home, before, ended)
		}
		select {
		case <-ended:
		case <-time.After(after):
			require.NoError(t, cmd.Process.Kill())
			<-ended
		}

		when := fmt.Sprintf("kill %d of seed %d, after %s", i+1, seed, after)
		for _, run := range runsIn(t, s.home) {
			interrupted += recordedOnce(t, target, run, when)
		}
		if latest, begun := newRun(t, s.home, before); begun {
			printed += recordedAsPrinted(t, out.Name(), latest, when)
		}
	}
	if (interrupted == 0 || printed == 0) && kills >= 5 {
		t.Error("no kill came between the beginnings and the ends of attempts: the test looked at nothing")
	}
	t.Logf("%d attempts were interrupted by %d kills, after %d that had finished", interrupted, kills, printed)
}

// printedOutcome is what go test -v prints of an attempt that is over.
var printedOutcome = regexp.MustCompile(`(?m)^=== ATTR +Test_(fake)/(\S+) benchtest\.outcome (\w+)$`)

// recordedAsPrinted compares what go test printed of a run's attempts with the
// run's record, and says how many it printed.
func recordedAsPrinted(t *testing.T, out, dir, when string) int {
	t.Helper()
	text, err := os.ReadFile(out)
	require.NoError(t, err)
	recorded := map[string]string{}
	for _, e := range eventsOf(t, dir) {
		if e.Kind == reports.AttemptFinished {
			recorded[e.Key] = string(e.Attempt.Outcome)
		}
	}
	lines := printedOutcome.FindAllSubmatch(text, -1)
	for _, m := range lines {
		key := string(m[1]) + "/" + string(m[2])
		assert.Equal(t, string(m[3]), recorded[key], "%s: %s has ended, and its record says otherwise", when, key)
	}
	return len(lines)
}

// runsIn are the directories of the runs that have begun in a home.
func runsIn(t *testing.T, home string) []string {
	t.Helper()
	runs, err := filepath.Glob(filepath.Join(home, "runs", "2*", reports.EventsFile))
	require.NoError(t, err)
	for i := range runs {
		runs[i] = filepath.Dir(runs[i])
	}
	return runs
}

// newRun is the one that was not there before. The IDs of two that began in the
// same second are in no order.
func newRun(t *testing.T, home string, before []string) (dir string, begun bool) {
	t.Helper()
	runs := runsIn(t, home)
	i := slices.IndexFunc(runs, func(dir string) bool { return !slices.Contains(before, dir) })
	if i < 0 {
		return "", false
	}
	return runs[i], true
}

// waitForAttempt waits until the new run has begun an attempt, or has ended.
func waitForAttempt(t *testing.T, home string, before []string, ended <-chan struct{}) {
	t.Helper()
	for end := time.After(time.Minute); ; {
		if dir, begun := newRun(t, home, before); begun && slices.ContainsFunc(eventsOf(t, dir), func(e reports.Event) bool { return e.Kind == reports.AttemptStarted }) {
			return
		}
		select {
		case <-ended:
			return
		case <-end:
			require.Fail(t, "no attempt began")
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// recordedOnce imports a run and compares it with its record. It says how many
// attempts had no verdict.
func recordedOnce(t *testing.T, target store.Target, dir, when string) (interrupted int) {
	t.Helper()
	if len(eventsOf(t, dir)) == 0 {
		return 0 // it was killed before it wrote a line
	}
	db, err := store.Open(t.Context(), target)
	require.NoError(t, err, when)
	defer func() { require.NoError(t, db.Close()) }()
	got, err := store.Import(t.Context(), db, dir)
	require.NoError(t, err, when)
	again, err := store.Import(t.Context(), db, dir)
	require.NoError(t, err, when)
	assert.Equal(t, store.Imported{}, again, "%s: the second import found something", when)

	want := map[string]reports.Attempt{}
	for _, e := range eventsOf(t, dir) {
		of := reports.Attempt{RunID: filepath.Base(dir), Key: e.Key, Iteration: e.Iteration}
		id := of.ID()
		switch e.Kind {
		case reports.AttemptStarted:
			if _, known := want[id]; !known {
				want[id] = reports.Attempt{}
			}
		case reports.AttemptFinished:
			require.Emptyf(t, want[id].Key, "%s: %s has two verdicts", when, id)
			want[id] = *e.Attempt
		}
	}
	stored, err := db.Reports(t.Context(), store.Filter{Benchmarks: []string{filepath.Base(dir)}})
	require.NoError(t, err, when)
	assert.Len(t, stored, len(want), when)
	for _, a := range stored {
		recorded, there := want[a.ID()]
		require.Truef(t, there, "%s: %s is not in the record", when, a.ID())
		assert.Equal(t, recorded.Outcome, a.Outcome, when)
		if a.Outcome != rules.Passed {
			assert.Equal(t, rules.Errored, a.Outcome, "%s: %s: %s", when, a.ID(), a.Reason)
			assert.Contains(t, a.Reason, "interrupted", when)
		}
	}
	return got.Interrupted
}

func eventsOf(t *testing.T, dir string) (list []reports.Event) {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, reports.EventsFile))
	require.NoError(t, err)
	defer f.Close()
	for e, err := range reports.ReadEvents(f) {
		if err == nil { // a line that the kill tore is none
			list = append(list, e)
		}
	}
	return list
}

func number64(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 32)
	require.NoErrorf(t, err, "%s=%q: want a number", name, text)
	return n
}
