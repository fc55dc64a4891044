package stats

import "math"

// Cause is what makes a scenario pass at one time and not at another.
type Cause string

// The causes. A scenario that always ends alike has none.
const (
	Stable      Cause = "stable"
	Checker     Cause = "checker"
	Environment Cause = "environment"
	Engine      Cause = "engine"
)

// A Replay is one attempt, judged once when it was made and again from the same
// evidence: what changes between those is the checker's doing alone.
type Replay struct {
	Passed  bool
	Rescore []bool
}

// changed reports whether a verdict on the same evidence was another one.
func (r Replay) changed() bool {
	for _, again := range r.Rescore {
		if again != r.Passed {
			return true
		}
	}
	return false
}

// A Flake says where the differences between attempts at one scenario come from.
type Flake struct {
	Cause Cause `json:"cause"`
	// Changed counts the attempts whose verdict on the same evidence changed.
	Changed int   `json:"changed"`
	Oracle  Tally `json:"oracle_tally"`
	Engine  Tally `json:"engine_tally"`
}

// Attribute finds the cause of a scenario's flakes by taking things away: what
// changes on the same evidence is the checker; when the oracle, which always does
// the same, does not pass each time, it is the environment (the scenario among
// it); and what is left is the engine. Re-score each attempt at least twice. With
// a flake of rate f, n replays see it with a chance of 1-(1-f)^n: 20 see one of
// 20 % in 99 of 100 cases.
func Attribute(engine, oracle []Replay) Flake {
	f := Flake{Cause: Stable}
	for _, r := range engine {
		f.add(&f.Engine, r)
	}
	for _, r := range oracle {
		f.add(&f.Oracle, r)
	}
	switch mixed := f.Engine.Passed > 0 && f.Engine.Passed < f.Engine.Scored; {
	case f.Changed > 0:
		f.Cause = Checker
	case f.Oracle.Passed < f.Oracle.Scored:
		f.Cause = Environment
	case mixed:
		f.Cause = Engine
	}
	return f
}

func (f *Flake) add(t *Tally, r Replay) {
	t.Attempted++
	t.Scored++
	if r.Passed {
		t.Passed++
	}
	if r.changed() {
		f.Changed++
	}
}

// Miss is the chance that n attempts never see what comes with this rate.
func Miss(rate float64, n int) float64 { return math.Pow(1-min(max(rate, 0), 1), float64(max(n, 0))) }

// leastReplays is how many attempts of the oracle are asked for at least: one
// that passed says little, however often the engine fails.
const leastReplays = 5

// SeeOnce is how many attempts see what comes with this rate at least once, with
// this confidence. It is never less than five. None (0) where rate or confidence
// is not between 0 and 1.
func SeeOnce(rate, confidence float64) int {
	if !(rate > 0 && rate < 1 && confidence > 0 && confidence < 1) {
		return 0
	}
	return max(leastReplays, int(math.Ceil(math.Log(1-confidence)/math.Log(1-rate))))
}
