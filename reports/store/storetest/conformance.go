package storetest

import (
	"io/fs"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/reports"
	"github.com/benchtest-dev/benchtest/reports/store"
)

// Conformance checks one kind of database. New returns an empty one that is open.
func Conformance(t *testing.T, newStore func(t *testing.T) *store.DB) {
	t.Helper()
	for _, c := range []struct {
		name  string
		check func(t *testing.T, db *store.DB)
	}{
		{"an attempt comes back as it was", comesBack},
		{"text is shown and never run", hostileText},
		{"an attempt is added once", addedOnce},
		{"an attempt that many bring at once is added once", addedOnceByMany},
		{"an attempt that cannot be stored leaves nothing", nothingHalf},
		{"a benchmark is brought up to date", benchmarkUpdated},
		{"verdicts are added once, in their order", verdictsAdded},
		{"what was made again is told, and not counted", remadeTold},
		{"filters choose", filters},
		{"a run comes back as a record", comesBackAsRecord},
		{"what is not there is not found", notFound},
		{"what is large is marked", largeIsMarked},
		{"pruning", pruning},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.check(t, newStore(t))
		})
	}
}

// save adds a benchmark with attempts at keys.
func save(t *testing.T, db *store.DB, b store.Benchmark, keys ...string) []store.Report {
	t.Helper()
	require.NoError(t, db.SaveBenchmark(t.Context(), b))
	var list []store.Report
	for _, key := range keys {
		list = append(list, Report(t, b, key, 1))
	}
	added, err := db.Add(t.Context(), list)
	require.NoError(t, err)
	require.Equal(t, len(keys), added)
	return list
}

func comesBack(t *testing.T, db *store.DB) {
	t.Helper()
	b := Benchmark(0)
	want := save(t, db, b, "nginx/001-a")[0]
	got, err := db.Report(t.Context(), want.ID())
	require.NoError(t, err)

	a := want.Attempt
	assert.Equal(t, a.Phases, got.Attempt.Phases)
	assert.Equal(t, a.FirstFixed, got.Attempt.FirstFixed)
	assert.Equal(t, a.Digests, got.Attempt.Digests)
	assert.True(t, a.Started.Equal(got.Attempt.Started))
	require.NotNil(t, got.Job)
	assert.EqualValues(t, 1<<40, got.Job.Usage.InputTokens)
	assert.Equal(t, []string{"nginx", "-t"}, got.Job.Tasks[0].Commands[0].Argv)
	assert.Equal(t, rules.Unsafe, got.Attempt.Outcome)
	assert.Len(t, got.Attempt.Results, 3)
	assert.Empty(t, got.Attempt.Rescored)

	ids, err := db.ReportIDs(t.Context(), store.Filter{})
	require.NoError(t, err)
	assert.Equal(t, []string{want.ID()}, ids)
	judged, err := db.ReadJudged(t.Context(), want.ID())
	require.NoError(t, err)
	require.Len(t, judged, 1)
	sameJudged(t, got.Attempt, judged[0])

	e, err := db.Evidence(t.Context(), want.ID())
	require.NoError(t, err)
	assert.Equal(t, want.Facts, e.Facts, "evidence is kept to the byte")
	assert.Equal(t, want.Transcript, e.Transcript)
	assert.Equal(t, want.Job, e.Job)
	assert.Empty(t, e.Omitted)

	list, err := db.Benchmarks(t.Context(), store.Filter{})
	require.NoError(t, err)
	require.Len(t, list, 1)
	assert.Equal(t, b.Info.Seed, list[0].Info.Seed)
	assert.True(t, b.Info.Started.Equal(list[0].Info.Started))
	require.NotNil(t, list[0].End)
	assert.Equal(t, 1, list[0].End.Exit)
	assert.True(t, b.End.At.Equal(list[0].End.At))
}

func hostileText(t *testing.T, db *store.DB) {
	t.Helper()
	id := save(t, db, Benchmark(0), "nginx/001-a")[0].ID()
	got, err := db.Report(t.Context(), id)
	require.NoError(t, err)
	r := got.Attempt.Results[1]
	assert.Equal(t, "rule 1 "+Shown, r.Label)
	assert.Equal(t, Shown, r.Raw)
	list, err := db.Benchmarks(t.Context(), store.Filter{})
	require.NoError(t, err)
	assert.Equal(t, Shown, list[0].End.Reason)
}

func addedOnce(t *testing.T, db *store.DB) {
	t.Helper()
	b := Benchmark(0)
	list := save(t, db, b, "nginx/001-a", "nginx/002-b")
	added, err := db.Add(t.Context(), append(list, list[0], Report(t, b, "nginx/003-c", 1)))
	require.NoError(t, err)
	assert.Equal(t, 1, added)
	all, err := db.Reports(t.Context(), store.Filter{})
	require.NoError(t, err)
	assert.Len(t, all, 3)
	got, err := db.Report(t.Context(), list[0].ID())
	require.NoError(t, err)
	assert.Len(t, got.Attempt.Results, 3)
}

// addedOnceByMany: whoever loses the race may fail, and finds it done when it
// tries again.
func addedOnceByMany(t *testing.T, db *store.DB) {
	t.Helper()
	b := Benchmark(0)
	require.NoError(t, db.SaveBenchmark(t.Context(), b))
	list := []store.Report{Report(t, b, "nginx/001-a", 1), Report(t, b, "nginx/001-a", 2)}
	var (
		wg    sync.WaitGroup
		total atomic.Int64
	)
	for range 4 {
		wg.Go(func() {
			for range 4 {
				if added, err := db.Add(t.Context(), list); err == nil {
					total.Add(int64(added))
					return
				}
			}
			t.Error("cannot add")
		})
	}
	wg.Wait()
	assert.EqualValues(t, 2, total.Load())
}

func nothingHalf(t *testing.T, db *store.DB) {
	t.Helper()
	b := Benchmark(0)
	require.NoError(t, db.SaveBenchmark(t.Context(), b))
	orphan := Report(t, Benchmark(1), "nginx/001-a", 1) // nobody saved its benchmark
	_, err := db.Add(t.Context(), []store.Report{Report(t, b, "nginx/001-a", 1), orphan})
	require.Error(t, err)
	all, err := db.Reports(t.Context(), store.Filter{})
	require.NoError(t, err)
	assert.Empty(t, all)
}

func benchmarkUpdated(t *testing.T, db *store.DB) {
	t.Helper()
	b := Benchmark(0)
	end := b.End
	b.End, b.Alive = nil, Start.Add(time.Hour)
	require.NoError(t, db.SaveBenchmark(t.Context(), b))
	list, err := db.Benchmarks(t.Context(), store.Filter{})
	require.NoError(t, err)
	require.Len(t, list, 1)
	assert.Nil(t, list[0].End)
	assert.True(t, list[0].Running(Start.Add(time.Hour+time.Minute)))
	assert.False(t, list[0].Running(Start.Add(2*time.Hour)), "nobody heard of it for an hour")

	b.End = end
	require.NoError(t, db.SaveBenchmark(t.Context(), b))
	list, err = db.Benchmarks(t.Context(), store.Filter{})
	require.NoError(t, err)
	require.Len(t, list, 1)
	require.NotNil(t, list[0].End)
	assert.False(t, list[0].Running(Start.Add(time.Hour)))
}

func filters(t *testing.T, db *store.DB) {
	t.Helper()
	save(t, db, Benchmark(0), "nginx/001-a", "disk/001-a")
	save(t, db, Benchmark(5), "nginx/001-a")
	for name, c := range map[string]struct {
		filter               store.Filter
		benchmarks, attempts int
	}{
		"everything":     {store.Filter{}, 2, 3},
		"a scenario":     {store.Filter{Scenarios: []string{"disk/001-a"}}, 1, 1},
		"a benchmark":    {store.Filter{Benchmarks: []string{"run-000"}}, 1, 2},
		"the latest":     {store.Filter{Latest: 1}, 1, 1},
		"since then":     {store.Filter{Since: Start.Add(time.Hour)}, 1, 1},
		"all of it":      {store.Filter{Since: Start, Latest: 2, Scenarios: []string{"nginx/001-a", "x"}, Benchmarks: []string{"run-000", "run-005"}}, 2, 2},
		"nothing at all": {store.Filter{Scenarios: []string{"x"}}, 0, 0},
	} {
		b, err := db.Benchmarks(t.Context(), c.filter)
		require.NoError(t, err, name)
		assert.Len(t, b, c.benchmarks, name)
		a, err := db.Reports(t.Context(), c.filter)
		require.NoError(t, err, name)
		assert.Len(t, a, c.attempts, name)
		cells, err := db.Overview(t.Context(), c.filter)
		require.NoError(t, err, name)
		n, score := 0, 0.0
		for _, cell := range cells {
			assert.Equal(t, rules.Unsafe, cell.Outcome, name)
			assert.Zero(t, cell.Compliant, name)
			n, score = n+cell.Attempts, score+cell.Score
		}
		assert.Equal(t, c.attempts, n, name)
		assert.InDelta(t, float64(c.attempts)*0.5, score, 1e-9, name)
	}
}

func comesBackAsRecord(t *testing.T, db *store.DB) {
	t.Helper()
	want := save(t, db, Benchmark(0), "nginx/001-a", "disk/001-a")
	save(t, db, Benchmark(5), "nginx/001-a")
	_, err := db.AddVerdict(t.Context(), want[1].ID(), reports.Verdict{At: Start, Outcome: rules.Passed, Rules: "dd", Results: []rules.Result{{Label: "new"}}})
	require.NoError(t, err)
	rec, err := db.Record(t.Context(), "run-000")
	require.NoError(t, err)
	assert.Equal(t, "run-000", rec.Info.RunID)
	assert.Empty(t, rec.Dir)
	assert.Equal(t, 1, rec.Finished.Exit)
	require.Len(t, rec.Attempts, 2)
	reports.SortAttempts(rec.Attempts)
	for i, key := range []string{"disk/001-a", "nginx/001-a"} {
		a := rec.Attempts[i]
		alone, err := db.Report(t.Context(), a.ID())
		require.NoError(t, err)
		assert.Equal(t, key, a.Key)
		assert.Len(t, a.Results, 3)
		assert.Equal(t, alone.Attempt, a, "read alone or with its run")
	}
	assert.Equal(t, "new", rec.Attempts[0].Verdict().Results[0].Label)
	assert.Empty(t, rec.Attempts[1].Rescored)

	for since, ids := range map[time.Time][]string{{}: {"run-000", "run-005"}, Start.Add(time.Hour): {"run-005"}, Start.Add(9 * time.Hour): {}} {
		got, err := db.IDs(t.Context(), since)
		require.NoError(t, err)
		assert.Equal(t, ids, got)
	}
	_, err = db.Record(t.Context(), "run")
	require.ErrorIs(t, err, fs.ErrNotExist)
	sameJudgedAtOnce(t, db, rec.Attempts)
	_, err = db.ReadEvidence(t.Context(), rec, &reports.Attempt{RunID: "nobody"}, nil)
	require.ErrorIs(t, err, reports.ErrEvidence)
}

func notFound(t *testing.T, db *store.DB) {
	t.Helper()
	_, err := db.Report(t.Context(), Hostile[:20])
	require.ErrorIs(t, err, store.ErrNotFound)
	_, err = db.Evidence(t.Context(), "no")
	require.ErrorIs(t, err, store.ErrNotFound)
}

func largeIsMarked(t *testing.T, db *store.DB) {
	t.Helper()
	b := Benchmark(0)
	require.NoError(t, db.SaveBenchmark(t.Context(), b))
	line := strings.Repeat("x", 10<<20)
	r := Report(t, b, "nginx/001-a", 1)
	r.Attempt.Results[0].Raw = line
	r.Transcript, r.TranscriptBytes = []byte(line), int64(len(line))
	r.Facts[facts.Held] = []byte(line)
	cut := Report(t, b, "nginx/001-a", 2)
	cut.Transcript, cut.TranscriptBytes = []byte(line), 64<<20 // more than was read of it
	_, err := db.Add(t.Context(), []store.Report{r, cut})
	require.NoError(t, err)

	got, err := db.Report(t.Context(), r.ID())
	require.NoError(t, err)
	raw := got.Attempt.Results[0].Raw
	assert.Less(t, len(raw), 100<<10)
	assert.Contains(t, raw, "[benchtest: cut, 10485760 bytes in all]")
	e, err := db.Evidence(t.Context(), r.ID())
	require.NoError(t, err)
	assert.Len(t, e.Transcript, len(line), "ten megabytes of one letter are small")
	assert.Len(t, e.Facts[facts.Held], len(line))
	e, err = db.Evidence(t.Context(), cut.ID())
	require.NoError(t, err)
	assert.Contains(t, string(e.Transcript), "[benchtest: cut, 67108864 bytes in all]")
}

func pruning(t *testing.T, db *store.DB) {
	t.Helper()
	save(t, db, Benchmark(0), "nginx/001-a", "disk/001-a")
	save(t, db, Benchmark(5), "nginx/001-a")
	live := Benchmark(1)
	live.End, live.Alive = nil, time.Now()
	save(t, db, live, "nginx/001-a")
	count := func() int {
		all, err := db.Reports(t.Context(), store.Filter{})
		require.NoError(t, err)
		return len(all)
	}
	prune := func(s store.Selection, preview bool) store.Pruned {
		p, err := db.Prune(t.Context(), s, preview)
		require.NoError(t, err)
		return p
	}
	keys, err := db.Keys(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []string{"disk/001-a", "nginx/001-a"}, keys)

	assert.Equal(t, store.Pruned{}, prune(store.Selection{}, false), "nothing asked for")
	want := store.Pruned{Attempts: []string{"run-000/nginx/001-a/i1", "run-005/nginx/001-a/i1"}, Benchmarks: []string{"run-005"}, Running: []string{"run-001"}}
	s := store.Selection{Scenarios: []string{"nginx/001-a"}}
	assert.Equal(t, want, prune(s, true), "preview")
	assert.Equal(t, 4, count())
	assert.Equal(t, want, prune(s, false))
	assert.Equal(t, 2, count())
	assert.Equal(t, store.Pruned{Running: []string{"run-001"}}, prune(s, false), "again")

	s = store.Selection{Before: Start.Add(time.Hour), Except: []string{"run-000"}}
	assert.Equal(t, store.Pruned{Running: []string{"run-000"}}, prune(s, false), "who knows that it runs says so")
	s.Except = nil
	assert.Equal(t, store.Pruned{Attempts: []string{"run-000/disk/001-a/i1"}, Benchmarks: []string{"run-000"}}, prune(s, false))
	assert.Equal(t, store.Pruned{Running: []string{"run-001"}}, prune(store.Selection{All: true}, false))
	assert.Equal(t, 1, count())
}
