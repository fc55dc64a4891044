package stats

import "fmt"

// A Tally counts attempts. Errored ones are attempted and not scored, and enter
// no rate; skipped ones are not even attempted.
type Tally struct {
	Passed    int `json:"passed"`
	Scored    int `json:"scored"`
	Attempted int `json:"attempted"`
}

// Plus adds up two tallies.
func (t Tally) Plus(o Tally) Tally {
	return Tally{t.Passed + o.Passed, t.Scored + o.Scored, t.Attempted + o.Attempted}
}

// Rate is passed of scored. Without a scored attempt there is none, nor for
// counts that cannot be.
func (t Tally) Rate() (float64, bool) {
	if !t.scored() {
		return 0, false
	}
	return float64(t.Passed) / float64(t.Scored), true
}

// ErrorRate is errored of attempted; none without an attempt.
func (t Tally) ErrorRate() (float64, bool) {
	if t.Attempted <= 0 || t.Scored < 0 || t.Scored > t.Attempted {
		return 0, false
	}
	return float64(t.Attempted-t.Scored) / float64(t.Attempted), true
}

// scored reports whether there is a rate.
func (t Tally) scored() bool { return t.Scored > 0 && t.Passed >= 0 && t.Passed <= t.Scored }

// String is what stands beside every rate.
func (t Tally) String() string {
	return fmt.Sprintf("%d passed, %d scored of %d attempted", t.Passed, t.Scored, t.Attempted)
}

// A Scenario is the attempts at one scenario.
type Scenario struct {
	Key string `json:"key"`
	Tally
}

// Total adds up the attempts of all scenarios.
func Total(scenarios []Scenario) Tally {
	var t Tally
	for _, s := range scenarios {
		t = t.Plus(s.Tally)
	}
	return t
}

// rates are those of the scenarios that have one.
func rates(scenarios []Scenario) []float64 {
	list := make([]float64, 0, len(scenarios))
	for _, s := range scenarios {
		if r, ok := s.Rate(); ok {
			list = append(list, r)
		}
	}
	return list
}

func mean(list []float64) float64 {
	sum := 0.0
	for _, v := range list {
		sum += v
	}
	return sum / float64(len(list))
}
