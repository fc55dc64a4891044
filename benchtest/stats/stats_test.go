package stats

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCountsThatCannotBeHaveNoRate(t *testing.T) {
	t.Parallel()
	for _, bad := range []Tally{{}, {Passed: 3, Scored: 2}, {Passed: -1, Scored: 2}, {Passed: 0, Scored: -1}} {
		_, ok := bad.Rate()
		assert.False(t, ok)
		_, ok = PassAtK(bad, 1)
		assert.False(t, ok)
		_, ok = PassHatK(bad, 1)
		assert.False(t, ok)
		assert.Equal(t, Interval{0, 1}, Wilson(bad.Passed, bad.Scored, Confidence))
		assert.Equal(t, Interval{-1, 1}, Newcombe(bad, tally(1, 2), Confidence))
		assert.Equal(t, Interval{-1, 1}, Newcombe(tally(1, 2), bad, Confidence))
		assert.InDelta(t, 1, Fisher(bad, tally(1, 2)), 0)
	}
	for _, k := range []int{-1, 0, 6} {
		_, ok := PassAtK(tally(3, 5), k)
		assert.False(t, ok, "k = %d", k)
	}
	for _, confidence := range []float64{0, 1, -1, 2, math.NaN(), math.Inf(1)} {
		assert.Equal(t, Interval{0, 1}, Wilson(1, 2, confidence))
		assert.Equal(t, Interval{0, 1}, OfSuite(suite(1, 2, 2, 2, 1, 2), confidence, 1).Interval)
	}
	assert.InDelta(t, 1, McNemar(-1, 4), 0)
	assert.InDelta(t, 1, McNemar(0, 0), 0)
}

func TestErrorRate(t *testing.T) {
	t.Parallel()
	r, ok := Tally{Scored: 8, Attempted: 10}.ErrorRate()
	assert.True(t, ok)
	assert.InDelta(t, 0.2, r, 1e-12)
	for _, bad := range []Tally{{}, {Scored: 2, Attempted: 1}, {Scored: -1, Attempted: 1}} {
		_, ok = bad.ErrorRate()
		assert.False(t, ok)
	}
}

// suite makes scenarios of passed and scored, two numbers each.
func suite(numbers ...int) []Scenario {
	var list []Scenario
	for i := 0; i < len(numbers); i += 2 {
		list = append(list, Scenario{string(rune('a' + i/2)), tally(numbers[i], numbers[i+1])})
	}
	return list
}

func TestOfSuiteSaysHow(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		scenarios []Scenario
		rate      float64
		method    string
		interval  *Interval
	}{
		"nothing":                    {nil, 0, MethodNone, &Interval{0, 1}},
		"nothing scored":             {[]Scenario{{"a", Tally{0, 0, 3}}}, 0, MethodNone, &Interval{0, 1}},
		"one scenario":               {suite(4, 5), 0.8, MethodWilson, &Interval{0.375534629763, 0.963775891368}},
		"one attempt each":           {suite(1, 1, 1, 1, 1, 1, 1, 1, 0, 1), 0.8, MethodWilson, &Interval{0.375534629763, 0.963775891368}},
		"all pass":                   {suite(5, 5, 5, 5, 5, 5), 1, MethodScenarios, &Interval{0.438502968245, 1}},
		"all alike":                  {suite(1, 2, 2, 4), 0.5, MethodScenarios, nil},
		"the mean is over scenarios": {suite(1, 1, 0, 9), 0.5, MethodScenarios, nil},
		"what errored enters none":   {append(suite(1, 1, 0, 2), Scenario{"z", Tally{0, 0, 7}}), 0.5, MethodScenarios, nil},
		"eight that differ":          {suite(1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 0, 2), 13.0 / 16, MethodBootstrap, nil},
	} {
		e := OfSuite(c.scenarios, Confidence, 1)
		assert.InDelta(t, c.rate, e.Rate, 1e-12, name)
		assert.Equal(t, c.method, e.Method, name)
		if c.interval != nil {
			assert.InDelta(t, c.interval.Low, e.Interval.Low, 1e-11, name)
			assert.InDelta(t, c.interval.High, e.Interval.High, 1e-11, name)
		}
		assert.True(t, e.Interval.Contains(e.Rate), name)
		assert.Equal(t, e, OfSuite(c.scenarios, Confidence, 1), "%s: the same seed, the same interval", name)
	}
}

func TestMeanOfPassK(t *testing.T) {
	t.Parallel()
	list := append(suite(3, 5, 5, 5, 1, 1), Scenario{"errored", Tally{0, 0, 2}})
	hat2 := func(t Tally) (float64, bool) { return PassHatK(t, 2) }
	v, n := MeanOf(list, hat2)
	assert.Equal(t, 2, n, "one attempt has no pass^2")
	assert.InDelta(t, (0.3+1)/2, v, 1e-12)
	assert.Equal(t, 1, FewestScored(list))
	v, n = MeanOf(nil, hat2)
	assert.Zero(t, v)
	assert.Zero(t, n)
	assert.Zero(t, FewestScored(nil))
}

func TestCompareSingleAttempts(t *testing.T) {
	t.Parallel()
	a := suite(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1)
	b := suite(0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1)
	c := Compare(a, b, Confidence, 1)
	require.NotNil(t, c.McNemar)
	assert.InDelta(t, 0.03125, *c.McNemar, 1e-12)
	assert.Equal(t, []int{6, 0, 7}, []int{c.OnlyA, c.OnlyB, c.Paired})
	assert.InDelta(t, -6.0/7, c.Change, 1e-12)
	assert.True(t, c.Worse())
	assert.False(t, Compare(b, a, Confidence, 1).Worse(), "better is not worse")
	assert.False(t, Compare(a[:5], b[:5], Confidence, 1).Worse(), "five do not show it: p = 0.0625")
}

func TestCompareManyAttempts(t *testing.T) {
	t.Parallel()
	c := Compare(suite(10, 10, 10, 10, 9, 10), suite(10, 10, 1, 10, 9, 10), Confidence, 1)
	assert.Nil(t, c.McNemar)
	assert.Equal(t, MethodNewcombe, c.Method, "three are too few to draw from")
	assert.True(t, c.Scenarios[1].Worse())
	assert.False(t, c.Scenarios[0].Worse())
	assert.True(t, c.Worse(), "one scenario that is worse is enough")

	alike := Compare(suite(5, 5, 5, 5), suite(4, 5, 4, 5), Confidence, 1)
	assert.Equal(t, MethodNewcombe, alike.Method)
	assert.True(t, alike.Interval.Contains(alike.Change))
	assert.Positive(t, alike.Interval.Width(), "two that changed alike are no proof")
	assert.False(t, alike.Worse())

	many := Compare(suite(2, 2, 2, 2, 2, 2, 2, 2, 1, 2, 2, 2, 2, 2, 2, 2), suite(1, 2, 2, 2, 1, 2, 0, 2, 1, 2, 1, 2, 0, 2, 1, 2), Confidence, 1)
	assert.Equal(t, MethodBootstrap, many.Method)
	assert.True(t, many.Worse(), "no scenario shows it alone, but all together do")

	one := Compare(suite(5, 5), suite(1, 5), Confidence, 1)
	assert.Equal(t, one.Scenarios[0].Interval, one.Interval)
}

func TestCompareWithoutPairs(t *testing.T) {
	t.Parallel()
	c := Compare([]Scenario{{"old", tally(1, 1)}, {"both", Tally{0, 0, 1}}}, []Scenario{{"new", tally(0, 1)}, {"both", tally(1, 1)}}, Confidence, 1)
	assert.Zero(t, c.Paired)
	assert.Nil(t, c.McNemar)
	assert.Equal(t, Interval{-1, 1}, c.Interval)
	assert.False(t, c.Worse())
	require.Len(t, c.Scenarios, 3)
	for _, d := range c.Scenarios {
		assert.False(t, d.Both)
		assert.InDelta(t, 1, d.Adjusted, 0)
	}
	empty := Compare(nil, nil, Confidence, 1)
	assert.Empty(t, empty.Scenarios)
	twice := Compare([]Scenario{{"k", tally(1, 1)}, {"k", tally(0, 1)}}, nil, Confidence, 1)
	require.Len(t, twice.Scenarios, 1)
	assert.Equal(t, tally(1, 2), twice.Scenarios[0].A)
}

func TestAdvice(t *testing.T) {
	t.Parallel()
	for want, in := range map[string]Tally{
		"5 of 5 does not tell 80 % from 95 %: at this rate 22 scored attempts would":    tally(5, 5),
		"0 of 3 does not tell 0 % from 55 %: at this rate 22 scored attempts would":     tally(0, 3),
		"15 of 30 does not tell 35 % from 65 %: at this rate 167 scored attempts would": tally(15, 30),
		"nothing was scored, so nothing is known":                                       {Attempted: 4},
		"": tally(200, 220),
	} {
		assert.Equal(t, want, Advise(in))
	}
	n := enough(1)
	assert.LessOrEqual(t, Wilson(n, n, Confidence).Width(), coarse)
	assert.Greater(t, Wilson(n-1, n-1, Confidence).Width(), coarse)
}

// A flake of 20 % is planted in one place, 100 times, and 20 replays have to find
// which place it was.
func TestPlantedFlakesAreAttributed(t *testing.T) {
	t.Parallel()
	const n, flaky = 20, 0.2
	for cause, planted := range map[Cause]struct{ checker, environment, engine float64 }{
		Checker:     {checker: flaky},
		Environment: {environment: flaky},
		Engine:      {engine: flaky},
		Stable:      {},
	} {
		right := 0
		for seed := range uint64(100) {
			rng := rand.New(rand.NewPCG(seed, 11))
			replay := func(engine float64) Replay {
				fixed := rng.Float64() >= planted.environment && rng.Float64() >= engine
				judge := func() bool { return fixed != (rng.Float64() < planted.checker) }
				return Replay{Passed: judge(), Rescore: []bool{judge(), judge()}}
			}
			var engine, oracle []Replay
			for range n {
				engine, oracle = append(engine, replay(planted.engine)), append(oracle, replay(0))
			}
			if Attribute(engine, oracle).Cause == cause {
				right++
			}
		}
		assert.GreaterOrEqualf(t, right, 95, "%s", cause)
		t.Logf("%s: %d of 100 right", cause, right)
	}
}

func TestAttributeCounts(t *testing.T) {
	t.Parallel()
	assert.Equal(t, Flake{Cause: Stable}, Attribute(nil, nil))
	f := Attribute([]Replay{{Passed: true}, {Passed: false}}, []Replay{{Passed: true, Rescore: []bool{true}}})
	assert.Equal(t, Flake{Engine, 0, tally(1, 1), tally(1, 2)}, f)
	assert.Equal(t, Stable, Attribute([]Replay{{}, {}}, nil).Cause, "always failing is no flake")
	assert.Equal(t, Environment, Attribute([]Replay{{}, {}}, []Replay{{}}).Cause, "the oracle has to pass")
}

func TestSeeOnce(t *testing.T) {
	t.Parallel()
	for rate, want := range map[float64]int{0.2: 14, 0.1: 29, 0.5: 5, 0.9: 5, 0: 0, 1: 0, math.NaN(): 0} {
		n := SeeOnce(rate, Confidence)
		assert.Equal(t, want, n, "%v", rate)
		if n > leastReplays {
			assert.LessOrEqual(t, Miss(rate, n), 1-Confidence)
			assert.Greater(t, Miss(rate, n-1), 1-Confidence, "one less would not do")
		}
	}
	assert.InDelta(t, 0.01152921504606847, Miss(0.2, 20), 1e-15) // 0.8^20
	assert.InDelta(t, 1, Miss(0.2, 0), 0)
	assert.Zero(t, SeeOnce(0.5, 1))
}
