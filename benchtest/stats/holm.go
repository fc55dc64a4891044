package stats

import (
	"cmp"
	"math"
	"slices"
)

// Holm adjusts p-values that were looked at together, so that the chance of even
// one false alarm stays what each alone would have (Holm 1979). The result has
// the order of its argument. A NaN is no test: it stays NaN and does not count.
func Holm(p []float64) []float64 {
	adjusted := slices.Clone(p)
	order := make([]int, 0, len(p))
	for i, v := range p {
		if !math.IsNaN(v) {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(p[a], p[b]) })
	most := 0.0
	for rank, i := range order {
		most = max(most, min(1, p[i]*float64(len(order)-rank)))
		adjusted[i] = most
	}
	return adjusted
}
