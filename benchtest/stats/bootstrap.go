package stats

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Resamples is how often a bootstrap draws: the ends of its interval then stand
// still in the second decimal.
const Resamples = 4000

// bootstrap is the expanded percentile interval of the mean: values, two or more
// and one a scenario, are drawn with replacement, and the ends are quantiles of
// the means of all draws (Efron and Tibshirani 1993, chapter 13), farther out by
// what the plain ones are too narrow for few values (Hesterberg 2015,
// doi:10.1080/00031305.2015.1089789).
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
	tail := expandedTail(confidence, len(values))
	return Interval{percentile(means, tail), percentile(means, 1-tail)}
}

// expandedTail is the share of draws beyond each end: that of Student's t in
// place of the normal distribution's, for a deviation that is divided by n
// and not by n-1.
func expandedTail(confidence float64, n int) float64 {
	t := math.Sqrt(float64(n)/float64(n-1)) * student(confidence, n-1)
	return math.Erfc(t/math.Sqrt2) / 2
}

// percentile interpolates between the order statistics, as R's type 7 does.
func percentile(sorted []float64, p float64) float64 {
	at := p * float64(len(sorted)-1)
	i := min(int(at), len(sorted)-2)
	return sorted[i] + (at-float64(i))*(sorted[i+1]-sorted[i])
}

// fewest is how many values show their spread by being drawn again: means of
// fewer never go beyond what was seen.
const fewest = 8

// tooAlike reports whether the values are too few, or show no spread, so that
// drawing them again would show too little or none.
func tooAlike(values []float64) bool {
	return len(values) < fewest || !slices.ContainsFunc(values, func(v float64) bool { return v != values[0] })
}
