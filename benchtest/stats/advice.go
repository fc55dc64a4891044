package stats

import (
	"fmt"
	"math"
)

// AllPass is how many attempts must all pass for the lower end of Wilson's
// interval to reach bound: the smallest n with n/(n+z²) >= bound. None (0) for a
// bound or a confidence not between 0 and 1.
func AllPass(bound, confidence float64) int {
	z, ok := quantile(confidence)
	if !ok || !(bound > 0 && bound < 1) {
		return 0
	}
	return int(math.Ceil(bound * z * z / (1 - bound)))
}

// PerArm is how many attempts each of two engines needs for a test at this
// confidence to tell rates p and q apart, in the given share of cases (power):
// the normal approximation without continuity correction (Fleiss 1981, section
// 3.2), which R's power.prop.test solves too. None (0) where p is q, or a number
// is not between 0 and 1.
func PerArm(p, q, power, confidence float64) int {
	z, ok := quantile(confidence)
	in := func(v float64) bool { return v >= 0 && v <= 1 }
	if !ok || p == q || !in(p) || !in(q) || !(power > 0 && power < 1) {
		return 0
	}
	zPower := math.Sqrt2 * math.Erfinv(2*power-1)
	middle := (p + q) / 2
	root := z*math.Sqrt(2*middle*(1-middle)) + zPower*math.Sqrt(p*(1-p)+q*(1-q))
	return int(math.Ceil(root * root / ((p - q) * (p - q))))
}

// coarse is the width beyond which an interval does not tell a good engine from
// a very good one: 80 % from 95 %.
const coarse = 0.15

// Advise says in one line what t is too small to tell, and how many attempts
// would. It is empty when there is nothing to say.
func Advise(t Tally) string {
	rate, ok := t.Rate()
	if !ok {
		return "nothing was scored, so nothing is known"
	}
	i := Wilson(t.Passed, t.Scored, Confidence)
	if i.Width() <= coarse {
		return ""
	}
	low, high := math.Ceil(i.Low*20)*5, math.Floor(i.High*20)*5
	if i.Contains(0.80) && i.Contains(0.95) {
		low, high = 80, 95
	}
	return fmt.Sprintf("%d of %d does not tell %.0f %% from %.0f %%: at this rate %d scored attempts would", t.Passed, t.Scored, low, high, enough(rate))
}

// enough is the smallest n whose interval at this rate is no wider than coarse.
func enough(rate float64) int {
	low, high := 1, 1<<10 // rate 1/2 needs 167
	for low < high {
		n := (low + high) / 2
		if wilson(rate, float64(n), Confidence).Width() <= coarse {
			high = n
		} else {
			low = n + 1
		}
	}
	return low
}
