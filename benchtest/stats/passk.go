package stats

// PassAtK is the chance that at least one of k attempts passes, estimated
// without bias: 1 − C(n−c,k)/C(n,k) for c passed of n scored (Chen et al. 2021,
// arXiv:2107.03374). There is none for k < 1, for k > n, and for counts that
// cannot be.
func PassAtK(t Tally, k int) (float64, bool) {
	if !t.allows(k) {
		return 0, false
	}
	return 1 - drawn(t.Scored-t.Passed, t.Scored, k), true
}

// PassHatK is the chance that all of k attempts pass, pass^k, estimated without
// bias: C(c,k)/C(n,k) (Yao et al. 2024, tau-bench, arXiv:2406.12045). There is
// none where there is no PassAtK.
func PassHatK(t Tally, k int) (float64, bool) {
	if !t.allows(k) {
		return 0, false
	}
	return drawn(t.Passed, t.Scored, k), true
}

func (t Tally) allows(k int) bool { return t.scored() && k >= 1 && k <= t.Scored }

// drawn is C(c,k)/C(n,k): the chance that k drawn of n are all among c of them.
// As a product it never overflows.
func drawn(c, n, k int) float64 {
	p := 1.0
	for i := range k {
		p *= float64(max(0, c-i)) / float64(n-i)
	}
	return p
}

// MeanOf is the mean of f over the scenarios for which it is defined, and how
// many those are. With none of them the mean is 0.
func MeanOf(scenarios []Scenario, f func(Tally) (float64, bool)) (float64, int) {
	var list []float64
	for _, s := range scenarios {
		if v, ok := f(s.Tally); ok {
			list = append(list, v)
		}
	}
	if len(list) == 0 {
		return 0, 0
	}
	return mean(list), len(list)
}

// FewestScored is the largest k that every scenario with a scored attempt
// allows; 0 where none has one.
func FewestScored(scenarios []Scenario) int {
	least := 0
	for _, s := range scenarios {
		if s.scored() && (least == 0 || s.Scored < least) {
			least = s.Scored
		}
	}
	return least
}
