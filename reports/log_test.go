package reports

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

func TestLog_roundTrip(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "events.jsonl")
	l, err := OpenLog(path)
	require.NoError(t, err)
	at := time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)
	fixed := 3 * time.Second
	a := Attempt{
		RunID: "r", Key: "nginx/001-broken-config", Iteration: 1, Outcome: rules.Passed, FirstFixed: &fixed, Started: at,
		Results: []rules.Result{{Label: "l\n\x00\u2028", Status: rules.Holds}}, Digests: Digests{Evidence: "ab"},
	}
	want := []Event{
		{Kind: RunStarted, At: at, RunID: "r", Run: &RunInfo{RunID: "r", Started: at, Argv: []string{"go", "test"}, Seed: 7, Versions: map[string]string{"go": "go1.26"}}},
		{Kind: AttemptStarted, At: at, Key: a.Key, Iteration: 1},
		{Kind: PhaseDone, At: at, Key: a.Key, Iteration: 1, Phase: "prepare", Took: time.Second},
		{Kind: Retry, At: at, Key: a.Key, Iteration: 1, Reason: "clone: no space"},
		{Kind: AttemptFinished, At: at, Key: a.Key, Iteration: 1, Attempt: &a},
		{Kind: RunFinished, At: at, Exit: 1},
	}
	for _, e := range want {
		require.NoError(t, l.Append(e))
	}
	require.NoError(t, l.Close())
	require.ErrorIs(t, l.Append(want[0]), os.ErrClosed)

	b, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, len(want), bytes.Count(b, []byte("\n")), "one line an event")
	var got []Event
	for e, err := range ReadEvents(bytes.NewReader(b)) {
		require.NoError(t, err)
		got = append(got, e)
	}
	assert.Equal(t, want, got)

	attempts, info, err := Attempts(ReadEvents(bytes.NewReader(b)))
	require.NoError(t, err)
	assert.Equal(t, []Attempt{a}, attempts)
	assert.Equal(t, *want[0].Run, info)
}

func TestLog_concurrent(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "events.jsonl")
	l, err := OpenLog(path)
	require.NoError(t, err)
	var wg sync.WaitGroup
	long := strings.Repeat("x", 100<<10) // more than a pipe or a page takes at once
	for g := range 8 {
		wg.Go(func() {
			for i := range 20 {
				assert.NoError(t, l.Append(Event{Kind: PhaseDone, Key: strconv.Itoa(g), Iteration: i, Reason: long}))
			}
		})
	}
	wg.Wait()
	require.NoError(t, l.Close())
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	next := map[string]int{}
	for e, err := range ReadEvents(f) {
		require.NoError(t, err)
		assert.Equal(t, next[e.Key], e.Iteration, "a writer's lines are in order")
		assert.False(t, e.At.IsZero())
		next[e.Key]++
	}
	assert.Len(t, next, 8)
}

func TestReadEvents(t *testing.T) {
	t.Parallel()
	const one, two = `{"event":"phase","key":"one"}`, `{"event":"phase","key":"two"}`
	for _, tt := range []struct {
		name, in string
		want     []string // a key, or the start of an error
	}{
		{"empty", "", nil},
		{"whole", one + "\n" + two + "\n", []string{"one", "two"}},
		{"last line whole but for its newline", one + "\n" + two, []string{"one", "two"}},
		{"torn", one + "\n" + two[:12], []string{"one"}},
		{"torn at once", one[:1], nil},
		{"blank lines", "\n" + one + "\n\n" + two + "\n\n", []string{"one", "two"}},
		{"bad line in the middle", one + "\n{]\n" + two + "\n", []string{"one", "read event, line 2", "two"}},
		{"unknown kind and field", `{"event":"later","key":"k","x":[1]}` + "\n", []string{"k"}},
		{"too long", strings.Repeat("x", maxLine+100<<10), []string{"read event, line 1: line is longer"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for e, err := range ReadEvents(strings.NewReader(tt.in)) {
				if err != nil {
					got = append(got, err.Error())
				} else {
					got = append(got, e.Key)
				}
			}
			require.Len(t, got, len(tt.want))
			for i := range got {
				assert.True(t, strings.HasPrefix(got[i], tt.want[i]), "%q", got[i])
			}
		})
	}
}

func TestOpenLog_mends(t *testing.T) {
	t.Parallel()
	const one = `{"event":"phase","key":"one"}`
	for _, tt := range []struct {
		name, before string
		want         []string
	}{
		{"whole", one + "\n", []string{"one", "new"}},
		{"torn", one + "\n" + one[:9], []string{"one", "new"}},
		{"torn and long", one + "\n{" + strings.Repeat("x", 200<<10), []string{"one", "new"}},
		{"nothing but torn", "{", []string{"new"}},
		{"newline missing", one, []string{"one", "new"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "events.jsonl")
			require.NoError(t, os.WriteFile(path, []byte(tt.before), 0o600))
			l, err := OpenLog(path)
			require.NoError(t, err)
			require.NoError(t, l.Append(Event{Kind: RunFinished, Key: "new"}))
			require.NoError(t, l.Close())
			f, err := os.Open(path)
			require.NoError(t, err)
			defer f.Close()
			var got []string
			for e, err := range ReadEvents(f) {
				require.NoError(t, err)
				got = append(got, e.Key)
			}
			assert.Equal(t, tt.want, got)
		})
	}
}

func TestStreamAttempts(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	finished := func(key string, i int) Event {
		return Event{Kind: AttemptFinished, At: at, Key: key, Iteration: i, Attempt: &Attempt{Key: key, Iteration: i, Outcome: rules.Passed, Reason: `"event":"rescored"`}}
	}
	again := func(key string, i int, o rules.Outcome) Event {
		return Event{Kind: Rescored, At: at, Key: key, Iteration: i, Verdict: &Verdict{At: at, Outcome: o}}
	}
	path := filepath.Join(t.TempDir(), EventsFile)
	l, err := OpenLog(path)
	require.NoError(t, err)
	for _, e := range []Event{
		{Kind: RunStarted, At: at, Run: &RunInfo{RunID: "r"}},
		finished("a/1", 1), finished("a/1", 2),
		{Kind: RunFinished, At: at},
		again("a/1", 2, rules.Failed), again("a/1", 2, rules.Unsafe),
	} {
		require.NoError(t, l.Append(e))
	}
	require.NoError(t, l.Close())
	whole, err := os.ReadFile(path)
	require.NoError(t, err)

	stream := func(b []byte) (outcomes []rules.Outcome, err error) {
		for a, err := range StreamAttempts(bytes.NewReader(b), int64(len(b))) {
			if err != nil {
				return outcomes, err
			}
			outcomes = append(outcomes, a.Verdict().Outcome)
		}
		return outcomes, nil
	}
	got, err := stream(whole)
	require.NoError(t, err)
	assert.Equal(t, []rules.Outcome{rules.Passed, rules.Unsafe}, got, "the last verdict counts")

	got, err = stream(whole[:len(whole)-10])
	require.NoError(t, err)
	assert.Equal(t, []rules.Outcome{rules.Passed, rules.Failed}, got, "a torn verdict is none")

	before, _, _ := bytes.Cut(whole, []byte(`"iteration":2`))
	got, err = stream(before)
	require.NoError(t, err)
	assert.Equal(t, []rules.Outcome{rules.Passed}, got, "a torn attempt is none")

	_, err = stream(append(bytes.Clone(before), '\n'))
	require.ErrorContains(t, err, "read event, line 3", "half a line that has its end was not torn")
	_, err = stream(append([]byte("\x00\x00\n"), whole...))
	require.ErrorContains(t, err, "read event, line 1: it is no JSON", "what it was is not known")
}
