package rules

import (
	"encoding/json"
	"strings"
	"time"
)

// Resolution is how an engine says its job ended.
type Resolution string

// The resolutions of the 2501 runner.
const (
	Success        Resolution = "success"
	AgenticFailure Resolution = "agentic_failure"
	HardFailure    Resolution = "hard_failure"
	Partial        Resolution = "partial"
	NoAction       Resolution = "no_action"
)

// A Job is the engine's record of working a ticket. All fields are optional.
type Job struct {
	Resolution Resolution `json:"resolution,omitempty"`
	Plan       string     `json:"plan,omitempty"`
	Messages   []string   `json:"messages,omitempty"`
	Usage      Usage      `json:"usage,omitzero"`
	Tasks      []Task     `json:"tasks,omitempty"`
	// Gateway is what the ticket carries back; empty where there is none.
	Gateway GatewayRecord `json:"gateway,omitzero"`
	// Rest keeps fields that this version does not know.
	Rest map[string]json.RawMessage `json:"-"`
}

// GatewayRecord is the ticket as the gateway shows it when the job is over.
type GatewayRecord struct {
	ID       string   `json:"id,omitempty"` // the ticket's, as the gateway has it
	Status   string   `json:"status,omitempty"`
	Messages []string `json:"messages,omitempty"`
	Summary  string   `json:"summary,omitempty"`
}

// Usage is what the engine's model consumed. Zero means not reported.
type Usage struct {
	Model        string  `json:"model,omitempty"`
	InputTokens  int64   `json:"input_tokens,omitempty"`
	OutputTokens int64   `json:"output_tokens,omitempty"`
	CostUSD      float64 `json:"cost_usd,omitempty"`
	Turns        int     `json:"turns,omitempty"`
}

// A Task is one step of a job on one host.
type Task struct {
	Host        string    `json:"host,omitempty"`
	Agent       string    `json:"agent,omitempty"`
	Description string    `json:"description,omitempty"`
	Plan        string    `json:"plan,omitempty"`
	Summary     string    `json:"summary,omitempty"`
	Rules       string    `json:"operational_rules,omitempty"`
	Commands    []Command `json:"commands,omitempty"`
}

// Evidence says who witnessed a command.
type Evidence string

// Observed commands were seen by us; self-reported ones are what the engine says.
const (
	Observed     Evidence = "observed"
	SelfReported Evidence = "self-reported"
)

// A Command is one command that ran on a host.
type Command struct {
	Argv       []string  `json:"argv"`
	ExitStatus *int      `json:"exit_status,omitempty"` // nil: not known
	At         time.Time `json:"at,omitzero"`
	Host       string    `json:"host,omitempty"`
	Evidence   Evidence  `json:"evidence,omitempty"`
}

// String is the argv joined by spaces, the form that executed_commands holds.
func (c Command) String() string { return strings.Join(c.Argv, " ") }
