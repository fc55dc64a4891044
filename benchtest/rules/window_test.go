package rules_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

const s = time.Second

func TestWindow(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name         string
		rules        []rules.State
		total, every time.Duration
	}{
		{"none", nil, 0, s},
		{"no window", []rules.State{{Every: 5 * s}}, 0, s},
		{"one", []rules.State{{Within: 20 * s, For: 5 * s}}, 25 * s, s},
		{"the longest sum", []rules.State{{Within: 20 * s}, {For: 30 * s}, {Within: 2 * s, For: s}}, 30 * s, s},
		{"the shortest step of those with a window", []rules.State{{Within: 9 * s, Every: 3 * s}, {Within: s, Every: 2 * s}, {Every: s / 2}}, 9 * s, 2 * s},
		{"a rule without every wants the default", []rules.State{{Within: 9 * s, Every: 3 * s}, {Within: s}}, 9 * s, s},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			total, every := rules.Window(c.rules)
			assert.Equal(t, c.total, total)
			assert.Equal(t, c.every, every)
		})
	}
}

// moments reads one letter a second from 1s on: h, f (does not hold), e.
func moments(letters string) []rules.Moment {
	var out []rules.Moment
	for i, c := range letters {
		out = append(out, rules.Moment{Since: time.Duration(i+1) * s, Status: status(c)})
	}
	return out
}

func status(c rune) rules.Status {
	return map[rune]rules.Status{'h': holds, 'f': fails, 'e': errored, '-': ""}[c]
}

func TestSettled(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name         string
		within, hold time.Duration
		seen         string // after, one letter a second, held ("-": still open)
		want         rules.Status
		decided      bool
	}{
		{"no window: both hold", 0, 0, "hh", holds, true},
		{"no window: only after", 0, 0, "hf", fails, true},
		{"no window: only held", 0, 0, "fh", fails, true},
		{"no window: a flicker between is not asked for", 0, 0, "hffh", holds, true},
		{"no window: after errored", 0, 0, "eh", errored, true},
		{"no window: after errored, held fails", 0, 0, "ef", fails, true},
		{"no window, open: after holds", 0, 0, "h-", "", false},
		{"no window, open: after fails", 0, 0, "f-", fails, true},
		{"no window, open: after errored", 0, 0, "e-", "", false},

		{"within: all the time", 3 * s, 0, "hhhh", holds, true},
		{"within: comes true in time", 3 * s, 0, "ffhh", holds, true},
		{"within: comes true at the last moment", 3 * s, 0, "fffh", holds, true},
		{"within: never", 3 * s, 0, "ffff", fails, true},
		{"within: too late", 2 * s, 2 * s, "fffhh", fails, true},
		{"within: does not stay", 2 * s, 2 * s, "hhhfh", fails, true},
		{"within: breaks and mends in time", 2 * s, 2 * s, "hfhhh", holds, true},
		{"within: held fails", 3 * s, s, "hhhhf", fails, true},
		{"for: from the start", 0, 2 * s, "hhh", holds, true},
		{"for: after fails", 0, 2 * s, "fhh", fails, true},
		{"a longer window of another rule counts too", s, 0, "hhhhhf", fails, true},
		{"a longer window of another rule", s, 0, "fhhhhh", holds, true},

		{"doubt that matters not", 2 * s, 2 * s, "efhhh", holds, true},
		{"doubt that matters", 2 * s, 2 * s, "hhehh", errored, true},
		{"doubt that cannot help", 2 * s, 2 * s, "fffeh", fails, true},
		{"doubt about the beginning", 0, 2 * s, "ehh", errored, true},
		{"doubt about the end", 2 * s, 0, "hhe", errored, true},

		{"open: still time", 3 * s, 0, "fff-", "", false},
		{"open: time is over", 2 * s, 2 * s, "fff-", fails, true},
		{"open: holds, but can still fail", 2 * s, 2 * s, "hhhh-", "", false},
		{"open: broke after its time", 2 * s, 2 * s, "hhhf-", fails, true},
		{"open: broke in time", 2 * s, 2 * s, "hf-", "", false},
		{"open: doubt", 2 * s, 2 * s, "fee-", "", false},
		{"open: only after", 2 * s, 0, "f-", "", false},
		{"open: for, broken", 0, 3 * s, "f-", fails, true},

		{"cut: holds so far", 4 * s, 4 * s, "hhhh", errored, true},
		{"cut: decided before", s, 4 * s, "fff", fails, true},
		{"cut: could still have come", 4 * s, 4 * s, "fff", errored, true},
		{"less than a step is no cut", 2 * s, s + s/2, "hhhh", holds, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			last := len(c.seen) - 1
			after, held := status(rune(c.seen[0])), status(rune(c.seen[last]))
			samples := moments(c.seen[1:last])
			end := time.Duration(last) * s
			if held == "" {
				end = time.Duration(last-1) * s
			}
			r := rules.State{Within: c.within, For: c.hold}
			got, decided := r.Settled(samples, after, held, end)
			assert.Equal(t, c.want, got)
			assert.Equal(t, c.decided, decided)
		})
	}
}

func TestSettledIgnoresWhatIsOutside(t *testing.T) {
	t.Parallel()
	r := rules.State{Within: 2 * s, For: s}
	samples := []rules.Moment{{-s, fails}, {9 * s, fails}, {2 * s, holds}, {s, holds}, {3 * s, fails}}
	got, decided := r.Settled(samples, holds, holds, 3*s)
	assert.Equal(t, holds, got)
	assert.True(t, decided)
}

// naive is the definition of DESIGN.md section 4, word for word, for sequences
// without doubt: some t <= within holds and so does every later one.
func naive(r rules.State, seq []rules.Moment) rules.Status {
	if r.Within == 0 && r.For == 0 {
		if seq[0].Status == holds && seq[len(seq)-1].Status == holds {
			return holds
		}
		return fails
	}
	for i, m := range seq {
		stays := m.Since <= r.Within
		for _, later := range seq[i:] {
			stays = stays && later.Status == holds
		}
		if stays {
			return holds
		}
	}
	return fails
}

// worlds calls f with every sequence that seq could be, when errored and
// missing moments may have been either.
func worlds(seq []rules.Moment, f func([]rules.Moment)) {
	for i, m := range seq {
		if m.Status == holds || m.Status == fails {
			continue
		}
		for _, st := range []rules.Status{holds, fails} {
			seq[i].Status = st
			worlds(seq, f)
		}
		seq[i].Status = m.Status
		return
	}
	f(seq)
}

// bruteForce is what all worlds agree on.
func bruteForce(r rules.State, seq []rules.Moment) (st rules.Status, agreed bool) {
	seen := map[rules.Status]bool{}
	worlds(append([]rules.Moment{}, seq...), func(w []rules.Moment) { seen[naive(r, w)] = true })
	switch {
	case len(seen) == 2:
		return errored, false
	case seen[holds]:
		return holds, true
	}
	return fails, true
}

func TestSettledAgreesWithTheDefinition(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(1, 2))
	statuses := []rules.Status{holds, holds, fails, errored}
	counts := map[rules.Status]int{}
	for range 20_000 {
		r := rules.State{Within: time.Duration(rnd.IntN(6)) * s, For: time.Duration(rnd.IntN(4)) * s}
		total := r.Within + r.For + time.Duration(rnd.IntN(3))*s // another rule's window may be longer
		n := max(1, int(total/s))
		seq := make([]rules.Moment, n+1)
		for i := range seq {
			seq[i] = rules.Moment{Since: time.Duration(i) * s, Status: statuses[rnd.IntN(len(statuses))]}
		}
		after, held, end := seq[0].Status, seq[n].Status, time.Duration(n)*s

		want, _ := bruteForce(r, seq)
		got, decided := r.Settled(seq[1:n], after, held, end)
		require.True(t, decided)
		require.Equal(t, want, got, "%+v %v", r, seq)
		counts[got]++

		// The same window while it is open, after k samples: what is to come is
		// unknown. It is decided exactly when all that can come is negative.
		k := rnd.IntN(n)
		open := append([]rules.Moment{}, seq...)
		for i := k + 1; i <= n; i++ {
			open[i].Status = ""
		}
		want, agreed := bruteForce(r, open)
		got, decided = r.Settled(seq[1:k+1], after, "", time.Duration(k)*s)
		require.Equal(t, agreed && want == fails, decided, "%+v open after %d: %v", r, k, seq)
		if decided {
			require.Equal(t, fails, got)
			final, _ := r.Settled(seq[1:n], after, held, end)
			require.Equal(t, fails, final, "decided, and then otherwise")
		} else {
			require.Empty(t, got)
		}
	}
	for _, st := range []rules.Status{holds, fails, errored} {
		assert.Greater(t, counts[st], 500, "%s: the cases are too one-sided to show anything", st)
	}
}
