package stats

import (
	"math"
	"slices"
	"strings"
)

// Alpha is the chance of a false alarm that comparisons allow.
const Alpha = 1 - Confidence

// A Difference is how one scenario did in two runs.
type Difference struct {
	Key  string `json:"key"`
	A    Tally  `json:"a"`
	B    Tally  `json:"b"`
	Both bool   `json:"both"` // scored in both; else the rest says nothing
	// Change is B's rate less A's, with Newcombe's interval.
	Change   float64  `json:"change"`
	Interval Interval `json:"interval"`
	P        float64  `json:"p"`          // Fisher's exact
	Adjusted float64  `json:"adjusted_p"` // by Holm, over the scenarios scored in both
}

// Worse reports whether B does worse, beyond chance.
func (d Difference) Worse() bool { return d.Both && d.Change < 0 && d.Adjusted < Alpha }

// A Comparison is of two runs, A before and B after.
type Comparison struct {
	A         Estimate     `json:"a"`
	B         Estimate     `json:"b"`
	Scenarios []Difference `json:"scenarios"` // by key
	Paired    int          `json:"paired"`    // scenarios scored in both
	// Change is the mean over those of B's rate less A's.
	Change   float64  `json:"change"`
	Interval Interval `json:"interval"`
	Method   string   `json:"method"` // of the interval
	// McNemar is the exact p-value; nil unless every pair is of single attempts.
	McNemar *float64 `json:"mcnemar_p,omitempty"`
	OnlyA   int      `json:"only_a"` // of those pairs, passed in A alone
	OnlyB   int      `json:"only_b"`
}

// Worse reports whether B does worse, beyond chance: by McNemar's test where each
// scenario was attempted once, else by the interval of the paired change; or by
// one of the scenarios.
func (c Comparison) Worse() bool {
	if slices.ContainsFunc(c.Scenarios, Difference.Worse) {
		return true
	}
	if c.McNemar != nil {
		return c.Change < 0 && *c.McNemar < Alpha
	}
	return c.Paired > 0 && c.Interval.High < 0
}

// Compare compares two runs, scenario by scenario. Those that only one has
// scored are listed and enter no difference. A key that stands twice in a run is
// one scenario.
func Compare(a, b []Scenario, confidence float64, seed uint64) Comparison {
	a, b = merged(a), merged(b)
	c := Comparison{A: OfSuite(a, confidence, seed), B: OfSuite(b, confidence, seed), Interval: Interval{-1, 1}, Method: MethodNone}
	c.Scenarios = differences(a, b, confidence)
	var changes, p []float64
	single := true
	for i := range c.Scenarios {
		d := &c.Scenarios[i]
		if !d.Both {
			p = append(p, math.NaN())
			continue
		}
		changes, p = append(changes, d.Change), append(p, d.P)
		single = single && d.A.Scored == 1 && d.B.Scored == 1
		if d.A.Passed > d.B.Passed {
			c.OnlyA++
		}
		if d.B.Passed > d.A.Passed {
			c.OnlyB++
		}
	}
	for i, v := range Holm(p) {
		c.Scenarios[i].Adjusted = 1
		if !math.IsNaN(v) {
			c.Scenarios[i].Adjusted = v
		}
	}
	if c.Paired = len(changes); c.Paired == 0 {
		return c
	}
	if single {
		v := McNemar(c.OnlyA, c.OnlyB)
		c.McNemar = &v
	} else {
		c.OnlyA, c.OnlyB = 0, 0
	}
	c.Change = mean(changes)
	c.Interval, c.Method = c.paired(changes, confidence, seed)
	return c
}

// paired is the interval of the mean change: the bootstrap over scenarios, which
// keeps the pairs together. Where they are few, or all changed alike, there is too
// little to resample: then Newcombe's, as if they were no pairs, which overstates
// nothing.
func (c Comparison) paired(changes []float64, confidence float64, seed uint64) (Interval, string) {
	if _, ok := quantile(confidence); ok && !tooAlike(changes) {
		return bootstrap(changes, confidence, seed), MethodBootstrap
	}
	if len(changes) == 1 {
		i := slices.IndexFunc(c.Scenarios, func(d Difference) bool { return d.Both })
		return c.Scenarios[i].Interval, MethodNewcombe
	}
	var ra, rb []float64
	for _, d := range c.Scenarios {
		if va, ok := d.A.Rate(); ok && d.Both {
			vb, _ := d.B.Rate()
			ra, rb = append(ra, va), append(rb, vb)
		}
	}
	n := float64(len(changes))
	return newcombe(mean(ra), n, mean(rb), n, confidence), MethodNewcombe
}

// differences pairs the scenarios by key.
func differences(a, b []Scenario, confidence float64) []Difference {
	index := map[string]int{}
	list := make([]Difference, 0, max(len(a), len(b)))
	for _, s := range a {
		index[s.Key] = len(list)
		list = append(list, Difference{Key: s.Key, A: s.Tally})
	}
	for _, s := range b {
		i, ok := index[s.Key]
		if !ok {
			i = len(list)
			list = append(list, Difference{Key: s.Key})
		}
		list[i].B = s.Tally
	}
	for i := range list {
		d := &list[i]
		ra, okA := d.A.Rate()
		rb, okB := d.B.Rate()
		d.Both = okA && okB
		d.Interval, d.P, d.Adjusted = Newcombe(d.A, d.B, confidence), Fisher(d.A, d.B), 1
		if d.Both {
			d.Change = rb - ra
		}
	}
	slices.SortFunc(list, func(x, y Difference) int { return strings.Compare(x.Key, y.Key) })
	return list
}

// merged adds up scenarios of the same key.
func merged(scenarios []Scenario) []Scenario {
	index := map[string]int{}
	var list []Scenario
	for _, s := range scenarios {
		i, ok := index[s.Key]
		if !ok {
			i = len(list)
			index[s.Key] = i
			list = append(list, Scenario{Key: s.Key})
		}
		list[i].Tally = list[i].Plus(s.Tally)
	}
	return list
}
