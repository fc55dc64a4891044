package reports

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/benchtest/stats"
)

// What was flushed is nowhere, and nothing is that was not.
func TestRoll_readersAgree(t *testing.T) {
	t.Parallel()
	begun := func(key string) Event { return Event{Kind: AttemptStarted, Key: key, Iteration: 1} }
	done := func(key string) Event {
		return Event{Kind: AttemptFinished, Key: key, Iteration: 1, Attempt: &Attempt{Key: key, Iteration: 1, Outcome: rules.Failed}}
	}
	forged := func(key string) Event {
		return Event{Kind: AttemptFinished, Key: key, Iteration: 1, Attempt: &Attempt{Key: key, Iteration: 1, Outcome: rules.Passed}}
	}
	flush := func(key string) Event { return Event{Kind: Flushed, Key: key, Iteration: 1} }
	judged := func(key string) Event {
		return Event{Kind: Rescored, Key: key, Iteration: 1, Verdict: &Verdict{Outcome: rules.Passed, Rules: "r"}}
	}
	start, end, resume := Event{Kind: RunStarted, Run: &RunInfo{RunID: "one"}}, Event{Kind: RunFinished}, Event{Kind: RunResumed}
	for name, tt := range map[string]struct {
		events []Event
		want   []string // of the attempts that are there
	}{
		"none":                               {[]Event{start, begun("a"), done("a"), end}, []string{"a/i1 failed"}},
		"after the end":                      {[]Event{start, begun("a"), done("a"), begun("b"), done("b"), end, flush("a")}, []string{"b/i1 failed"}},
		"judged again before":                {[]Event{start, begun("a"), done("a"), end, judged("a"), flush("a")}, nil},
		"judged again meanwhile":             {[]Event{start, begun("a"), done("a"), end, flush("a"), judged("a")}, nil},
		"forged in the midst of the run":     {[]Event{start, begun("a"), done("a"), flush("a"), end}, []string{"a/i1 failed"}},
		"forged before it was made":          {[]Event{start, flush("a"), begun("a"), done("a"), end}, []string{"a/i1 failed"}},
		"forged in a run that is resumed":    {[]Event{start, begun("a"), done("a"), end, resume, flush("a"), end}, []string{"a/i1 failed"}},
		"made again by a resumed run":        {[]Event{start, begun("a"), done("a"), end, judged("a"), flush("a"), resume, begun("a"), done("a"), end}, []string{"a/i1 failed"}},
		"made again, and flushed once more":  {[]Event{start, begun("a"), done("a"), end, flush("a"), resume, begun("a"), done("a"), end, flush("a")}, nil},
		"judged meanwhile, then made again":  {[]Event{start, begun("a"), done("a"), end, flush("a"), judged("a"), resume, begun("a"), done("a"), end}, []string{"a/i1 failed"}},
		"finished twice":                     {[]Event{start, begun("a"), done("a"), forged("a"), end}, []string{"a/i1 failed"}},
		"finished twice, and flushed":        {[]Event{start, begun("a"), done("a"), forged("a"), end, flush("a")}, nil},
		"flushed, and finished twice":        {[]Event{start, begun("a"), forged("a"), end, flush("a"), resume, begun("a"), done("a"), forged("a"), end}, []string{"a/i1 failed"}},
		"flushed, as what else it tells of":  {[]Event{start, done("a"), done("b"), end, {Kind: Flushed, Key: "a", Iteration: 1, Attempt: done("b").Attempt}}, []string{"b/i1 failed"}},
		"made again, and judged again since": {[]Event{start, begun("a"), done("a"), end, flush("a"), resume, begun("a"), done("a"), end, judged("a")}, []string{"a/i1 passed"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			whole, streamed := outcomes(t, tt.events)
			assert.Equal(t, tt.want, whole)
			assert.Equal(t, tt.want, streamed)
		})
	}
}

// outcomes are what the two ways to read a record say of its attempts.
func outcomes(t *testing.T, events []Event) (whole, streamed []string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), EventsFile)
	log, err := OpenLog(file)
	require.NoError(t, err)
	for _, e := range events {
		require.NoError(t, log.Append(e))
	}
	require.NoError(t, log.Close())
	last := func(a *Attempt) string {
		v := a.Verdict()
		if n := len(a.Rescored); n > 0 {
			v = a.Rescored[n-1]
		}
		return a.Key + "/i1 " + string(v.Outcome)
	}

	rec, err := ReadRecord(file)
	require.NoError(t, err)
	for _, a := range rec.Attempts {
		whole = append(whole, last(&a))
	}

	f, err := os.Open(file)
	require.NoError(t, err)
	defer f.Close()
	info, err := f.Stat()
	require.NoError(t, err)
	for a, err := range StreamAttempts(f, info.Size()) {
		require.NoError(t, err)
		streamed = append(streamed, last(a))
	}
	return whole, streamed
}

// Of a run that was killed, what is flushed stays away, and its resumption knows
// what it has to make again.
func TestNoteFlushed_killedRun(t *testing.T) {
	t.Parallel()
	runs := t.TempDir()
	r, err := NewRun(runs, "one")
	require.NoError(t, err)
	for _, e := range []Event{
		{Kind: RunStarted, Run: &RunInfo{RunID: "one", Started: time.Now()}},
		{Kind: AttemptStarted, Key: "a/b", Iteration: 1},
		{Kind: AttemptFinished, Key: "a/b", Iteration: 1, Attempt: &Attempt{Key: "a/b", Iteration: 1, Outcome: rules.Failed}},
		{Kind: AttemptStarted, Key: "a/c", Iteration: 1},
	} {
		require.NoError(t, r.Log.Append(e))
	}
	require.NoError(t, r.Close())
	require.NoError(t, NoteFlushed(r.Dir, Attempt{Key: "a/b", Iteration: 1}))
	require.NoError(t, NoteFlushed(r.Dir, Attempt{Key: "a/d", Iteration: 1}))

	rec, err := ReadRecord(filepath.Join(r.Dir, EventsFile))
	require.NoError(t, err)
	require.Len(t, rec.Attempts, 1)
	assert.Equal(t, "a/c", rec.Attempts[0].Key)
	require.NotNil(t, rec.Finished)
	assert.Equal(t, "interrupted: its process was killed", rec.Finished.Reason)

	r, err = OpenRun(runs, "one")
	require.NoError(t, err)
	got, err := r.Recover()
	require.NoError(t, err)
	require.Len(t, got.Interrupted, 1)
	assert.Equal(t, "a/c", got.Interrupted[0].Key)
	require.NoError(t, r.Close())
}

// What was cut is made again by a later process only, each attempt once; and every
// reader of the record says so.
func TestRoll_remade(t *testing.T) {
	t.Parallel()
	made := func(iteration int, o rules.Outcome) []Event {
		return []Event{
			{Kind: AttemptStarted, Key: "a", Iteration: iteration},
			{Kind: AttemptFinished, Key: "a", Iteration: iteration, Attempt: &Attempt{Key: "a", Iteration: iteration, Outcome: o, Cut: o == rules.Errored}},
		}
	}
	session := func(first Kind, events ...[]Event) []Event {
		return slices.Concat([]Event{{Kind: first, Run: &RunInfo{RunID: "one"}}}, slices.Concat(events...), []Event{{Kind: RunFinished}})
	}
	passed, cut := rules.Passed, rules.Errored
	for name, tt := range map[string]struct {
		events []Event
		remade []int
		tally  stats.Tally
	}{
		"nobody resumed it": {session(RunStarted, made(1, cut), made(2, passed)), nil, stats.Tally{Passed: 1, Scored: 1, Attempted: 2}},
		"resumed":           {slices.Concat(session(RunStarted, made(1, passed), made(2, cut)), session(RunResumed, made(3, passed))), []int{2}, stats.Tally{Passed: 2, Scored: 2, Attempted: 2}},
		"resumed twice": {
			slices.Concat(session(RunStarted, made(1, cut)), session(RunResumed, made(2, cut)), session(RunResumed, made(3, passed))),
			[]int{1, 2},
			stats.Tally{Passed: 1, Scored: 1, Attempted: 1},
		},
		"cut in the resumed run": {
			slices.Concat(session(RunStarted, made(1, cut)), session(RunResumed, made(2, cut), made(3, passed))),
			[]int{1},
			stats.Tally{Passed: 1, Scored: 1, Attempted: 2},
		},
		"more than were cut": {slices.Concat(session(RunStarted, made(1, cut)), session(RunResumed, made(2, passed), made(3, passed))), []int{1}, stats.Tally{Passed: 2, Scored: 2, Attempted: 2}},
		"forged as cut": {
			slices.Concat(session(RunStarted, made(1, passed), made(1, cut)), session(RunResumed, made(2, passed))),
			nil,
			stats.Tally{Passed: 2, Scored: 2, Attempted: 2},
		},
		"under way":           {slices.Concat(session(RunStarted, made(1, cut)), []Event{{Kind: RunResumed}}, made(2, passed)[:1]), []int{1}, stats.Tally{Attempted: 1}},
		"flushed, made again": {slices.Concat(session(RunStarted, made(1, cut)), []Event{{Kind: Flushed, Key: "a", Iteration: 1}}, session(RunResumed, made(1, passed))), nil, stats.Tally{Passed: 1, Scored: 1, Attempted: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), EventsFile)
			log, err := OpenLog(file)
			require.NoError(t, err)
			for _, e := range tt.events {
				require.NoError(t, log.Append(e))
			}
			require.NoError(t, log.Close())
			rec, err := ReadRecord(file)
			require.NoError(t, err)
			var remade []int
			for _, a := range rec.Attempts {
				if a.Remade {
					remade = append(remade, a.Iteration)
				}
			}
			assert.Equal(t, tt.remade, remade)
			assert.Equal(t, []stats.Scenario{{Key: "a", Tally: tt.tally}}, Tallies(rec.Attempts))
		})
	}
}

// A copy of a roll goes its own way.
func TestRoll_Clone(t *testing.T) {
	t.Parallel()
	var r Roll
	name := AttemptName{"a", 1}
	r.Next(Entry{Kind: AttemptFinished, Name: name, Cut: true})
	begin := r.Clone()
	r.Next(Entry{Kind: RunResumed})
	resumed := r.Clone()
	r.Next(Entry{Kind: AttemptStarted, Name: AttemptName{"a", 2}})
	assert.True(t, r.Remade()[name])
	for _, c := range []Roll{begin, resumed} {
		assert.Empty(t, c.Remade())
	}
	resumed.Next(Entry{Kind: AttemptStarted, Name: AttemptName{"a", 2}})
	assert.True(t, resumed.Remade()[name])
	begin.Next(Entry{Kind: AttemptStarted, Name: AttemptName{"a", 2}})
	assert.Empty(t, begin.Remade())
}
