package reports

import (
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

// A Verdict is what rules of a later day say of an attempt's evidence. It
// stands beside the first one, and beside earlier ones of its kind; none is
// ever written over.
type Verdict struct {
	At      time.Time      `json:"at"`
	Outcome rules.Outcome  `json:"outcome"`
	Reason  string         `json:"reason,omitempty"`
	Results []rules.Result `json:"results,omitempty"`
	Score   float64        `json:"compliance_score"`
	// Scenario and Rules are the digests of what was applied, in hex.
	Scenario string `json:"scenario_digest"`
	Rules    string `json:"rules_digest"`
	Version  string `json:"benchtest_version,omitempty"`
}

// Verdict is the last one that was given of a: that of its run, unless it was
// re-scored since.
func (a *Attempt) Verdict() Verdict {
	if n := len(a.Rescored); n > 0 {
		return a.Rescored[n-1]
	}
	return Verdict{
		At: a.Started, Outcome: a.Outcome, Reason: a.Reason, Results: a.Results, Score: a.Score,
		Scenario: a.Digests.Scenario, Rules: a.Digests.Rules,
	}
}
