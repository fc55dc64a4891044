package stats

import "math"

// McNemar is the exact two-sided p-value that a difference between two runs of
// the same scenarios, one attempt each, is chance (McNemar 1947; Edwards 1948
// for the exact form): onlyA passed in A alone, onlyB in B alone. Without either
// it is 1; negative counts give 1 too.
func McNemar(onlyA, onlyB int) float64 {
	if onlyA < 0 || onlyB < 0 || onlyA == onlyB {
		return 1
	}
	n := onlyA + onlyB
	sum := 0.0
	for i := range min(onlyA, onlyB) + 1 {
		sum += math.Exp(logChoose(n, i) - float64(n)*math.Ln2)
	}
	return min(1, 2*sum)
}

// Fisher is the exact two-sided p-value that two rates are one (Fisher 1935): the
// sum over all tables with these margins that are no likelier than this one.
// Where one has no rate it is 1.
func Fisher(a, b Tally) float64 {
	if !a.scored() || !b.scored() {
		return 1
	}
	passed, n := a.Passed+b.Passed, a.Scored+b.Scored
	weight := func(x int) float64 { // of a table in which A has x of the passed ones
		return math.Exp(logChoose(a.Scored, x) + logChoose(b.Scored, passed-x) - logChoose(n, passed))
	}
	// What rounding parts belongs together; R allows the same.
	limit := weight(a.Passed) * (1 + 1e-7)
	sum := 0.0
	for x := max(0, passed-b.Scored); x <= min(passed, a.Scored); x++ {
		if w := weight(x); w <= limit {
			sum += w
		}
	}
	return min(1, sum)
}

// logChoose is the logarithm of n over k, 0 <= k <= n.
func logChoose(n, k int) float64 { return logFactorial(n) - logFactorial(k) - logFactorial(n-k) }

func logFactorial(n int) float64 {
	v, _ := math.Lgamma(float64(n) + 1)
	return v
}
