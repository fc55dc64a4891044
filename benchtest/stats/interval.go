package stats

import "math"

// Confidence is that of every interval unless a caller says otherwise.
const Confidence = 0.95

// An Interval is what a number may be, given what was seen.
type Interval struct {
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// Contains reports whether v lies within i, its ends included.
func (i Interval) Contains(v float64) bool { return i.Low <= v && v <= i.High }

// Width is the distance between the ends.
func (i Interval) Width() float64 { return i.High - i.Low }

// unknown is the interval of a rate of which nothing is known.
var unknown = Interval{0, 1}

// Wilson is the score interval of a rate (Wilson 1927; recommended for small n
// by Brown, Cai and DasGupta 2001): the rates that a test at this confidence
// does not rule out. Nothing scored, counts that cannot be and a confidence not
// between 0 and 1 give [0, 1].
func Wilson(passed, scored int, confidence float64) Interval {
	rate, ok := Tally{Passed: passed, Scored: scored}.Rate()
	if !ok {
		return unknown
	}
	return wilson(rate, float64(scored), confidence)
}

// wilson is Wilson of a rate out of n observations, which need not be whole.
func wilson(rate, n, confidence float64) Interval {
	z, ok := quantile(confidence)
	if !ok {
		return unknown
	}
	zz := z * z
	centre := (rate + zz/(2*n)) / (1 + zz/n)
	half := z / (1 + zz/n) * math.Sqrt(rate*(1-rate)/n+zz/(4*n*n))
	i := Interval{max(0, centre-half), min(1, centre+half)}
	// At the ends the formula is exact but for its rounding.
	if rate == 0 {
		i.Low = 0
	}
	if rate == 1 {
		i.High = 1
	}
	return i
}

// quantile is how many standard deviations hold the middle part of a normal
// distribution that confidence says.
func quantile(confidence float64) (float64, bool) {
	if !(confidence > 0 && confidence < 1) {
		return 0, false
	}
	return math.Sqrt2 * math.Erfinv(confidence), true
}

// Newcombe is the interval of the difference of two rates that are independent,
// b's less a's, out of the Wilson intervals of both (Newcombe 1998, method 10).
// Where one has no rate it is [-1, 1].
func Newcombe(a, b Tally, confidence float64) Interval {
	ra, okA := a.Rate()
	rb, okB := b.Rate()
	if !okA || !okB {
		return Interval{-1, 1}
	}
	return newcombe(ra, float64(a.Scored), rb, float64(b.Scored), confidence)
}

func newcombe(ra, na, rb, nb, confidence float64) Interval {
	ia, ib := wilson(ra, na, confidence), wilson(rb, nb, confidence)
	d := rb - ra
	return Interval{
		max(-1, d-math.Hypot(rb-ib.Low, ia.High-ra)),
		min(1, d+math.Hypot(ib.High-rb, ra-ia.Low)),
	}
}
