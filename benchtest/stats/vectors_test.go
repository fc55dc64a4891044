package stats

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The numbers in this file are not ours: R 4.2.2 and statsmodels 0.13.5 (with
// SciPy 1.10.1) made them, with the calls that stand beside them.

// R: prop.test(passed, scored, conf.level = , correct = FALSE)$conf.int
func TestWilsonIsWhatRSays(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		passed, scored  int
		confidence      float64
		low, high, near float64
	}{
		{0, 1, 0.95, 0, 0.793450685623, 1e-11},
		{1, 1, 0.95, 0.206549314377, 1, 1e-11},
		{0, 7, 0.95, 0, 0.354330435067, 1e-11},
		{3, 3, 0.95, 0.438502968245, 1, 1e-11},
		{4, 5, 0.95, 0.375534629763, 0.963775891368, 1e-11},
		{5, 5, 0.95, 0.565517535217, 1, 1e-11},
		{8, 10, 0.95, 0.490162471537, 0.943317848546, 1e-11},
		{8, 10, 0.90, 0.540792805687, 0.931442012262, 1e-11},
		{45, 50, 0.95, 0.786397685625, 0.956524235068, 1e-11},
		{344, 445, 0.95, 0.731875651044, 0.809518186857, 1e-11},
		{1, 1000, 0.95, 0.000176546370626, 0.00564255859796, 1e-13},
		{999999, 1000000, 0.95, 0.999994335088, 0.999999823475, 1e-11},
	} {
		i := Wilson(c.passed, c.scored, c.confidence)
		assert.InDeltaf(t, c.low, i.Low, c.near, "%d/%d", c.passed, c.scored)
		assert.InDeltaf(t, c.high, i.High, c.near, "%d/%d", c.passed, c.scored)
	}
}

// statsmodels: confint_proportions_2indep(b, nb, a, na, method="newcomb", compare="diff", correction=False)
func TestNewcombeIsWhatStatsmodelsSays(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, na, b, nb int
		low, high    float64
	}{
		{5, 5, 1, 5, -0.9637758913675698, -0.19259086051089158},
		{8, 10, 4, 10, -0.6725442445674757, 0.022558465355208668},
		{56, 70, 48, 80, -0.33387265403690614, -0.05243147240236498},
		{9, 10, 3, 10, -0.809017973535488, -0.1705227239345029},
		{0, 5, 5, 5, 0.38554900569034356, 1},
		{10, 10, 0, 20, -1, -0.6790860371419145},
	} {
		i := Newcombe(tally(c.a, c.na), tally(c.b, c.nb), Confidence)
		assert.InDeltaf(t, c.low, i.Low, 1e-12, "%+v", c)
		assert.InDeltaf(t, c.high, i.High, 1e-12, "%+v", c)
	}
}

// R: 1-choose(n-c,k)/choose(n,k) and choose(c,k)/choose(n,k)
func TestPassKIsWhatRSays(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		n, passed, k int
		at, hat      float64
	}{
		{5, 3, 1, 0.6, 0.6},
		{5, 3, 2, 0.9, 0.3},
		{5, 3, 3, 1, 0.1},
		{10, 8, 5, 1, 0.222222222222},
		{10, 5, 3, 0.916666666667, 0.083333333333},
		{20, 7, 5, 0.916989164087, 0.00135448916409},
		{200, 150, 100, 1, 2.22296975121e-19},
	} {
		at, ok := PassAtK(tally(c.passed, c.n), c.k)
		require.True(t, ok)
		hat, ok := PassHatK(tally(c.passed, c.n), c.k)
		require.True(t, ok)
		assert.InDeltaf(t, c.at, at, 1e-11, "pass@%d of %d/%d", c.k, c.passed, c.n)
		assert.InEpsilonf(t, c.hat, hat, 1e-10, "pass^%d of %d/%d", c.k, c.passed, c.n)
	}
}

// R: binom.test(b, b+c, 0.5)$p.value; statsmodels' mcnemar(exact=True) says the same of (12, 30).
func TestMcNemarIsWhatRSays(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b int
		p    float64
	}{
		{1, 5, 0.21875},
		{0, 6, 0.03125},
		{2, 10, 0.03857421875},
		{0, 5, 0.0625},
		{3, 3, 1},
		{12, 30, 0.0079158973349},
		{400, 480, 0.00770730504334},
	} {
		assert.InDeltaf(t, c.p, McNemar(c.a, c.b), 1e-11, "%d, %d", c.a, c.b)
		assert.InDeltaf(t, c.p, McNemar(c.b, c.a), 1e-11, "%d, %d", c.b, c.a)
	}
}

// R: fisher.test(matrix(c(a, na-a, b, nb-b), 2))$p.value
func TestFisherIsWhatRSays(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, na, b, nb int
		p            float64
	}{
		{5, 5, 1, 5, 0.047619047619},
		{8, 10, 4, 10, 0.169802333889},
		{3, 20, 11, 20, 0.0187011260426},
		{0, 5, 5, 5, 0.00793650793651},
		{2, 3, 2, 3, 1},
		{150, 200, 120, 200, 0.00190554465064},
		{1, 1, 0, 1, 1},
	} {
		assert.InDeltaf(t, c.p, Fisher(tally(c.a, c.na), tally(c.b, c.nb)), 1e-11, "%+v", c)
		assert.InDeltaf(t, c.p, Fisher(tally(c.b, c.nb), tally(c.a, c.na)), 1e-11, "%+v", c)
	}
}

// R: p.adjust(p, "holm"), which leaves NA alone and does not count it.
func TestHolmIsWhatRSays(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ p, want []float64 }{
		{[]float64{0.01, 0.04, 0.03, 0.005}, []float64{0.03, 0.06, 0.06, 0.02}},
		{[]float64{0.5, 0.02, 0.9, 0.02, 0.001}, []float64{1, 0.08, 1, 0.08, 0.005}},
		{[]float64{0.02, math.NaN(), 0.01}, []float64{0.02, math.NaN(), 0.02}},
		{nil, nil},
	} {
		before := slices.Clone(c.p)
		got := Holm(c.p)
		require.Len(t, got, len(c.want))
		for i := range got {
			if math.IsNaN(c.want[i]) {
				assert.Truef(t, math.IsNaN(got[i]), "%v", c.p)
				continue
			}
			assert.InDeltaf(t, c.want[i], got[i], 1e-12, "%v", c.p)
		}
		assert.Equal(t, fmt.Sprint(before), fmt.Sprint(c.p), "the argument is left alone")
	}
}

// R: power.prop.test(p1=, p2=, power=, sig.level=)$n, rounded up
func TestPerArmIsWhatRSays(t *testing.T) {
	t.Parallel()
	assert.Equal(t, 388, PerArm(0.5, 0.6, 0.8, 0.95))
	assert.Equal(t, 199, PerArm(0.8, 0.9, 0.8, 0.95))
	assert.Equal(t, 435, PerArm(0.9, 0.95, 0.8, 0.95))
	assert.Equal(t, 15, PerArm(0.2, 0.7, 0.8, 0.95))
	assert.Equal(t, 735, PerArm(0.6, 0.5, 0.9, 0.99))
}

// R: quantile(c(1,2,4,8,16), c(.025,.3,.975)), type 7
func TestPercentileIsWhatRSays(t *testing.T) {
	t.Parallel()
	sorted := []float64{1, 2, 4, 8, 16}
	for p, want := range map[float64]float64{0: 1, 0.025: 1.1, 0.3: 2.4, 0.975: 15.2, 1: 16} {
		assert.InDelta(t, want, percentile(sorted, p), 1e-12)
	}
}

// R: qt(1-(1-confidence)/2, df) and pnorm(-sqrt(n/(n-1))*qt(.975,n-1))
func TestStudentIsWhatRSays(t *testing.T) {
	t.Parallel()
	for freedom, want := range map[int]float64{1: 12.7062047362, 2: 4.30265272975, 4: 2.7764451052, 11: 2.20098516009, 39: 2.02269092004, 999: 1.96234146113} {
		assert.InEpsilon(t, want, student(Confidence, freedom), 1e-9)
	}
	assert.InEpsilon(t, 2.13184678633, student(0.90, 4), 1e-9)
	assert.InEpsilon(t, 3.24983554159, student(0.99, 9), 1e-9)
	for n, want := range map[int]float64{2: 1.69521907261e-72, 3: 6.83413731194e-08, 5: 0.000954100551882, 12: 0.0107566149166, 1000: 0.0248043059056} {
		assert.InEpsilon(t, want, expandedTail(Confidence, n), 1e-6)
	}
}

// SciPy: bootstrap((x,), np.mean, n_resamples=300000, method="percentile",
// confidence_level=1-2*norm.cdf(-sqrt(n/(n-1))*t.ppf(.975, n-1))).confidence_interval
func TestBootstrapIsWhatSciPySays(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		values    []float64
		low, high float64
	}{
		{[]float64{1, 0.8, 0.6, 1, 0.2, 0.4, 1, 0, 0.8, 0.6, 0.6, 1}, 0.45, 0.8667},
		{[]float64{0.2, -0.4, 0, -0.2, -0.6, 0.2, -0.8, 0, -0.2, -0.4}, -0.46, 0},
	} {
		for seed := range uint64(20) {
			i := bootstrap(c.values, Confidence, seed)
			assert.InDelta(t, c.low, i.Low, 0.021, "seed %d", seed)
			assert.InDelta(t, c.high, i.High, 0.021, "seed %d", seed)
		}
	}
}

func tally(passed, scored int) Tally { return Tally{Passed: passed, Scored: scored, Attempted: scored} }
