package reports

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

// What was flushed is nowhere, and nothing is that was not.
func TestRoll_readersAgree(t *testing.T) {
	t.Parallel()
	begun := func(key string) Event { return Event{Kind: AttemptStarted, Key: key, Iteration: 1} }
	done := func(key string) Event {
		return Event{Kind: AttemptFinished, Key: key, Iteration: 1, Attempt: &Attempt{Key: key, Iteration: 1, Outcome: rules.Failed}}
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
		"made again, and judged again since": {[]Event{start, begun("a"), done("a"), end, flush("a"), resume, begun("a"), done("a"), end, judged("a")}, []string{"a/i1 passed"}},
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
			last := func(a *Attempt) string {
				v := a.Verdict()
				if n := len(a.Rescored); n > 0 {
					v = a.Rescored[n-1]
				}
				return a.Key + "/i1 " + string(v.Outcome)
			}

			rec, err := ReadRecord(file)
			require.NoError(t, err)
			var whole, streamed []string
			for _, a := range rec.Attempts {
				whole = append(whole, last(&a))
			}
			assert.Equal(t, tt.want, whole)

			f, err := os.Open(file)
			require.NoError(t, err)
			defer f.Close()
			info, err := f.Stat()
			require.NoError(t, err)
			for a, err := range StreamAttempts(f, info.Size()) {
				require.NoError(t, err)
				streamed = append(streamed, last(a))
			}
			assert.Equal(t, tt.want, streamed)
		})
	}
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
