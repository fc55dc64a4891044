package reports

import (
	"fmt"
	"time"
)

// Kind says what an Event tells.
type Kind string

// The kinds. Readers skip kinds that they do not know.
const (
	RunStarted      Kind = "run_started"
	AttemptStarted  Kind = "attempt_started"
	PhaseDone       Kind = "phase"
	Retry           Kind = "retry"
	AttemptFinished Kind = "attempt_finished"
	RunFinished     Kind = "run_finished"
	// RunResumed: another process goes on with the run; Run tells of that one.
	RunResumed Kind = "run_resumed"
	// Rescored may come long after the run: rules of today judged an attempt of then.
	Rescored Kind = "rescored"
	// Flushed: nobody needs the attempt any more; its evidence is gone.
	Flushed Kind = "flushed"
)

// PhaseAdmit is the Phase that comes first: the attempt waits until there is
// room for it.
const PhaseAdmit = "admit"

// PhaseRelease is the Phase that ends last, after AttemptFinished: from then on
// the attempt's machines are gone.
const PhaseRelease = "release machines"

// PhaseWork is the Phase in which the engine works the ticket.
const PhaseWork = "work the ticket"

// An Event is one line of events.jsonl. Which fields are set depends on Kind.
type Event struct {
	Kind  Kind      `json:"event"`
	At    time.Time `json:"at"` // zero: Append fills it in
	RunID string    `json:"run_id,omitempty"`

	// Run is what run_started tells.
	Run *RunInfo `json:"run,omitempty"`

	// Key and Iteration name the attempt of every event between run_started
	// and run_finished.
	Key       string `json:"key,omitempty"`
	Iteration int    `json:"iteration,omitempty"`
	// Phase and Took are of a phase that has ended ("prepare", "engine", ...).
	Phase string        `json:"phase,omitempty"`
	Took  time.Duration `json:"took_ns,omitempty"`
	// Reason is why an attempt was retried or a run was cut short.
	Reason string `json:"reason,omitempty"`
	// Attempt is the whole record, of attempt_finished.
	Attempt *Attempt `json:"attempt,omitempty"`
	// Verdict is what rescored tells.
	Verdict *Verdict `json:"verdict,omitempty"`
	// Gate is what the gate decided, of run_finished; nil where there is none.
	Gate *GateVerdict `json:"gate,omitempty"`
	// Exit is the exit status that run_finished ended with.
	Exit int `json:"exit,omitempty"`
}

// RunInfo describes one invocation of the suite.
type RunInfo struct {
	RunID    string    `json:"run_id"`
	Started  time.Time `json:"started"`
	Argv     []string  `json:"argv,omitempty"`
	Seed     int64     `json:"seed"`
	Provider string    `json:"provider,omitempty"`
	Engine   string    `json:"engine,omitempty"`
	Gateway  string    `json:"gateway,omitempty"`
	// Version is benchtest's own; Versions are those of what it stands on
	// ("go", "runc", "kernel").
	Version  string            `json:"benchtest_version,omitempty"`
	Versions map[string]string `json:"versions,omitempty"`
	Capacity Capacity          `json:"capacity,omitzero"`
	// Gate names the gate of -benchtest.fail; empty means any, which is none.
	Gate string `json:"gate,omitempty"`
	// Dir is where the record is, as an absolute path; empty: reports attach
	// nothing.
	Dir string `json:"-"`
	// GateVerdict is what the gate decided, once the run is over.
	GateVerdict *GateVerdict `json:"-"`
}

// A GateVerdict is what a gate decided.
type GateVerdict struct {
	Failed bool   `json:"failed"`
	Gate   string `json:"gate"`   // the condition that decided; all of them where all hold
	Reason string `json:"reason"` // one line
}

// String is the line that names the gate that decided.
func (v GateVerdict) String() string {
	verb := "passed"
	if v.Failed {
		verb = "failed"
	}
	return fmt.Sprintf("gate %s: -benchtest.fail=%s: %s", verb, v.Gate, v.Reason)
}

// Capacity is what the machine had for all attempts together.
type Capacity struct {
	Hostname  string `json:"hostname,omitempty"`
	VCPU      int    `json:"vcpu,omitempty"`
	MemoryMiB int    `json:"memory_mib,omitempty"`
}
