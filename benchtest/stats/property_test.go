package stats

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWilsonHoldsItsRateAndNarrows(t *testing.T) {
	t.Parallel()
	for n := 1; n <= 120; n++ {
		for c := 0; c <= n; c++ {
			i := Wilson(c, n, Confidence)
			rate := float64(c) / float64(n)
			require.Truef(t, 0 <= i.Low && i.Low <= rate && rate <= i.High && i.High <= 1, "%d/%d: %v", c, n, i)
			other := Wilson(n-c, n, Confidence)
			require.InDeltaf(t, 1-i.High, other.Low, 1e-12, "%d/%d: failures are passes turned round", c, n)
			require.Lessf(t, Wilson(c*2, n*2, Confidence).Width(), i.Width(), "%d/%d: twice the attempts tell more", c, n)
			require.Greaterf(t, Wilson(c, n, 0.99).Width(), i.Width(), "%d/%d: more confidence takes more room", c, n)
			if c > 0 {
				require.Greaterf(t, i.Low, Wilson(c-1, n, Confidence).Low, "%d/%d: a pass more is no worse", c, n)
			}
		}
	}
}

// In the long run 95 % intervals hold the true rate about that often, also for
// suites whose scenarios differ and whose attempts at one scenario are alike.
func TestSuiteIntervalsHoldTheTruth(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	const runs, scenarios, attempts = 200, 40, 5
	held, naive := 0, 0
	for run := range runs {
		list := make([]Scenario, scenarios)
		for i := range list {
			p := rng.Float64() // on the average 1/2
			list[i].Scored, list[i].Attempted = attempts, attempts
			for range attempts {
				if rng.Float64() < p {
					list[i].Passed++
				}
			}
		}
		e := OfSuite(list, Confidence, uint64(run))
		require.Equal(t, MethodBootstrap, e.Method)
		if e.Interval.Contains(0.5) {
			held++
		}
		if Wilson(e.Passed, e.Scored, Confidence).Contains(0.5) {
			naive++
		}
	}
	assert.GreaterOrEqual(t, held, runs*92/100)
	assert.LessOrEqual(t, held, runs*98/100)
	assert.Less(t, naive, held, "attempts thrown together claim too much")
}

func TestPassKAreBoundedAndOrdered(t *testing.T) {
	t.Parallel()
	for n := 1; n <= 30; n++ {
		for c := 0; c <= n; c++ {
			before, hatBefore := 0.0, 1.0
			for k := 1; k <= n; k++ {
				at, _ := PassAtK(tally(c, n), k)
				hat, _ := PassHatK(tally(c, n), k)
				require.Truef(t, before <= at && at <= 1, "pass@%d of %d/%d", k, c, n)
				require.Truef(t, 0 <= hat && hat <= hatBefore, "pass^%d of %d/%d", k, c, n)
				failing, _ := PassHatK(tally(n-c, n), k)
				require.InDelta(t, 1-failing, at, 1e-12, "one passes unless all fail")
				before, hatBefore = at, hat
			}
		}
	}
}

// Drawing k of n attempts many times gives pass@k and pass^k: no bias.
func TestPassKIsWhatDrawingGives(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(3, 4))
	const n, c, k, draws = 9, 5, 3, 60000
	one, all := 0, 0
	for range draws {
		passed := 0
		for _, i := range rng.Perm(n)[:k] {
			if i < c {
				passed++
			}
		}
		if passed > 0 {
			one++
		}
		if passed == k {
			all++
		}
	}
	at, _ := PassAtK(tally(c, n), k)
	hat, _ := PassHatK(tally(c, n), k)
	assert.InDelta(t, float64(one)/draws, at, 0.01)
	assert.InDelta(t, float64(all)/draws, hat, 0.01)
}

func TestExactTestsAreBoundedAndSymmetric(t *testing.T) {
	t.Parallel()
	for a := 0; a <= 14; a++ {
		for b := 0; b <= 14; b++ {
			p := McNemar(a, b)
			require.True(t, p > 0 && p <= 1)
			require.InDelta(t, p, McNemar(b, a), 1e-12)
			f := Fisher(tally(a, 14), tally(b, 14))
			require.True(t, f > 0 && f <= 1)
			require.InDelta(t, f, Fisher(tally(14-a, 14), tally(14-b, 14)), 1e-9)
		}
	}
}

func TestHolmNeverHelpsAPValueAndKeepsTheOrder(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(5, 6))
	for range 300 {
		p := make([]float64, 1+rng.IntN(12))
		for i := range p {
			p[i] = rng.Float64()
		}
		adjusted := Holm(p)
		for i := range p {
			require.True(t, p[i] <= adjusted[i] && adjusted[i] <= 1)
			require.LessOrEqual(t, adjusted[i], min(1, p[i]*float64(len(p)))+1e-15, "never worse than Bonferroni")
			for j := range p {
				if p[i] < p[j] {
					require.LessOrEqual(t, adjusted[i], adjusted[j])
				}
			}
		}
	}
}

func TestComparingTurnsRound(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(7, 8))
	for range 60 {
		a, b := randomRun(rng), randomRun(rng)
		there, back := Compare(a, b, Confidence, 1), Compare(b, a, Confidence, 1)
		require.InDelta(t, there.Change, -back.Change, 1e-12)
		require.LessOrEqual(t, there.Interval.Low, there.Interval.High)
		require.InDelta(t, there.Interval.Low, -back.Interval.High, 1e-9)
		require.False(t, there.Worse() && back.Worse() && there.Change == 0)
		require.Equal(t, Compare(a, b, Confidence, 1), there, "the same seed, the same numbers")
		self := Compare(a, a, Confidence, 1)
		require.Zero(t, self.Change)
		require.False(t, self.Worse())
		require.True(t, slices.IsSortedFunc(there.Scenarios, func(x, y Difference) int {
			if x.Key < y.Key {
				return -1
			}
			return 1
		}))
	}
}

// Where nothing has changed, a comparison says so in 19 of 20 cases or more:
// also with attempts that are alike within a scenario.
func TestNoChangeIsRarelyWorse(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(9, 10))
	const runs = 100
	alarms := 0
	for range runs {
		var a, b []Scenario
		for i := range 25 {
			p, key := rng.Float64(), string(rune('a'+i))
			a, b = append(a, Scenario{key, draw(rng, p, 4)}), append(b, Scenario{key, draw(rng, p, 4)})
		}
		if Compare(a, b, Confidence, 1).Worse() {
			alarms++
		}
	}
	assert.LessOrEqual(t, alarms, runs*5/100)
}

func draw(rng *rand.Rand, p float64, n int) Tally {
	t := Tally{Scored: n, Attempted: n}
	for range n {
		if rng.Float64() < p {
			t.Passed++
		}
	}
	return t
}

func randomRun(rng *rand.Rand) []Scenario {
	list := make([]Scenario, rng.IntN(8))
	for i := range list {
		attempted := rng.IntN(6)
		scored := rng.IntN(attempted + 1)
		list[i] = Scenario{string(rune('a' + rng.IntN(10))), Tally{rng.IntN(scored + 1), scored, attempted}}
	}
	return list
}

func TestAllPassIsTheSmallestThatDoes(t *testing.T) {
	t.Parallel()
	for bound, want := range map[float64]int{0.8: 16, 0.9: 35, 0.95: 73, 0.99: 381} {
		n := AllPass(bound, Confidence)
		assert.Equal(t, want, n)
		assert.GreaterOrEqual(t, Wilson(n, n, Confidence).Low, bound)
		assert.Less(t, Wilson(n-1, n-1, Confidence).Low, bound)
	}
	for _, bad := range []float64{0, 1, -1, math.NaN()} {
		assert.Zero(t, AllPass(bad, Confidence))
		assert.Zero(t, AllPass(0.5, bad))
		assert.Zero(t, PerArm(0.5, 0.6, bad, Confidence))
	}
	assert.Zero(t, PerArm(0.5, 0.5, 0.8, Confidence))
	assert.Zero(t, PerArm(0.5, 1.5, 0.8, Confidence))
}
