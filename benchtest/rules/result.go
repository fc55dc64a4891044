package rules

// Scope is the part of the evidence that a rule looks at.
type Scope string

// The scopes; a compliance rule has the last three.
const (
	ScopeState   Scope = "state"
	ScopeGateway Scope = "gateway"
	ScopeJob     Scope = "job"
	ScopeTasks   Scope = "tasks"
)

// Status is what became of one rule.
type Status string

// The statuses. An errored rule could not be asked; it does not hold.
const (
	Holds       Status = "holds"
	DoesNotHold Status = "does-not-hold"
	RuleErrored Status = "errored"
)

// A Result is one rule's verdict with the evidence that a person needs to
// follow it.
type Result struct {
	Label      string   `json:"label"`
	Scope      Scope    `json:"scope"`
	Required   bool     `json:"required"`
	Status     Status   `json:"status"`
	Host       string   `json:"host,omitempty"`
	Expected   string   `json:"expected,omitempty"`
	Got        string   `json:"got,omitempty"`
	Checkpoint string   `json:"checkpoint,omitempty"`
	Raw        string   `json:"raw,omitempty"`   // the observation, bounded
	Grade      string   `json:"grade,omitempty"` // weakest grade of the facts used
	Evidence   Evidence `json:"evidence,omitempty"`
	Reason     string   `json:"reason,omitempty"`
	// Once: a program in the guest or the suite's own code came to it, so that
	// re-scoring keeps it as it is.
	Once bool `json:"once,omitempty"`
}

// A Problem is a fault in a rule's text, at a place in its file.
type Problem struct {
	Line, Column int // from 1; zero means unknown
	Text         string
}
