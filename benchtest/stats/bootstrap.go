package stats

import (
	"math/rand/v2"
	"slices"
)

// Resamples is how often a bootstrap draws: the ends of its interval then stand
// still in the second decimal.
const Resamples = 4000

// bootstrap is the percentile interval of the mean (Efron and Tibshirani 1993,
// chapter 13): values, one a scenario, are drawn with replacement, and the ends
// are quantiles of the means of all draws.
func bootstrap(values []float64, confidence float64, seed uint64) Interval {
	rng := rand.New(rand.NewPCG(seed, uint64(len(values))))
	means := make([]float64, Resamples)
	for i := range means {
		sum := 0.0
		for range values {
			sum += values[rng.IntN(len(values))]
		}
		means[i] = sum / float64(len(values))
	}
	slices.Sort(means)
	tail := (1 - confidence) / 2
	return Interval{percentile(means, tail), percentile(means, 1-tail)}
}

// percentile interpolates between the order statistics, as R's type 7 does.
func percentile(sorted []float64, p float64) float64 {
	at := p * float64(len(sorted)-1)
	i := min(int(at), len(sorted)-2)
	return sorted[i] + (at-float64(i))*(sorted[i+1]-sorted[i])
}

// same reports whether the values show no spread, so that drawing them again
// would show none either.
func same(values []float64) bool {
	return !slices.ContainsFunc(values, func(v float64) bool { return v != values[0] })
}
