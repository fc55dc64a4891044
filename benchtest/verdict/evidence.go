// Package verdict judges an attempt by its evidence alone, so that the run
// itself and a re-scoring a year later cannot come to differ.
package verdict

import (
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

// Evidence is all that a verdict on one attempt rests on.
type Evidence struct {
	Hosts []Host // in the scenario's order
	Job   rules.Job
	// EngineTime is how long the engine worked.
	EngineTime time.Duration
	rules.Circumstances
	// Once are the results that only the run itself could come to: those of
	// validate.* and of rules in the suite's own code. They count as they are.
	Once []rules.Result
}

// A Host is what was observed of one machine.
type Host struct {
	Name string
	At   map[facts.Checkpoint]facts.Snapshot // one that was not taken is absent
	// Samples are those of the hold window; others do no harm.
	Samples []facts.Snapshot
}

// state is what a state rule needs of h.
func (e *Evidence) state(h *Host) rules.StateEvidence {
	return rules.StateEvidence{
		Healthy: h.At[facts.Healthy], Faulted: h.At[facts.Faulted], After: h.At[facts.After], Held: h.At[facts.Held],
		Samples: h.Samples, EngineActed: e.EngineActed, ProviderWell: e.ProviderWell,
	}
}
