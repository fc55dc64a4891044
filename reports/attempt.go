// Package reports turns the records of attempts into what people and other
// tools read: events.jsonl (the truth), JUnit XML, the summary.
package reports

import (
	"strconv"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/providers"
)

// An Attempt is the record of one attempt: what a ScenarioReport row, a JUnit
// test case and a line of the summary are made of.
type Attempt struct {
	RunID     string        `json:"run_id"`
	Key       string        `json:"key"`
	Test      string        `json:"test"` // Test_nginx/001-broken-config
	Iteration int           `json:"iteration"`
	Title     string        `json:"title,omitempty"`
	Ticket    Ticket        `json:"ticket,omitzero"` // as it was submitted
	Tags      []string      `json:"tags,omitempty"`
	Outcome   rules.Outcome `json:"outcome"`
	// Reason says why it is not passed, in one line; for skipped what would un-skip it.
	Reason  string         `json:"reason,omitempty"`
	Results []rules.Result `json:"results,omitempty"`
	// Circumstances are what re-scoring needs to know beside facts and job record.
	Circumstances rules.Circumstances `json:"circumstances,omitzero"`
	// Score is rules that hold / all compliance rules; 1 when there are none.
	Score      float64          `json:"compliance_score"`
	Provider   string           `json:"provider"`
	Engine     string           `json:"engine"`
	Gateway    string           `json:"gateway"`
	Seed       int64            `json:"seed"`
	Started    time.Time        `json:"started"`
	Phases     Phases           `json:"phases"`
	FirstFixed *time.Duration   `json:"first_fixed_ns,omitempty"` // since the engine started; nil: never
	Downtime   time.Duration    `json:"downtime_ns,omitempty"`    // caused by the engine
	Resolution rules.Resolution `json:"resolution,omitempty"`
	Usage      rules.Usage      `json:"usage,omitzero"`
	Hosts      []Host           `json:"hosts,omitempty"`
	Digests    Digests          `json:"digests"`
	Retries    []string         `json:"retries,omitempty"` // infrastructure errors before the first action
	// EngineIsolation is "none" or names what confines the engine on the driver.
	EngineIsolation string `json:"engine_isolation,omitempty"`
	// Cut: the run ended before it did. A run that is resumed makes another in its place.
	Cut bool `json:"cut,omitempty"`
	// Remade: it was cut, and the resumed run made another in its place, which
	// counts for both (Roll). Whoever reads a record fills it in.
	Remade    bool   `json:"-"`
	Dir       string `json:"dir"` // of its evidence, below the run's directory
	Artifacts string `json:"artifacts,omitempty"`
	// Changes are what the fault, the engine and the hold window changed on the
	// machines, at most MaxChanges; ChangesLeftOut counts the others.
	Changes        []facts.Change `json:"changes,omitempty"`
	ChangesLeftOut int            `json:"changes_left_out,omitempty"`
	// Tail is how the transcript ends, for reports (AddTails).
	Tail string `json:"-"`
	// Rescored are the verdicts that were given since, oldest first. They are
	// events of their own; Attempts puts them together.
	Rescored []Verdict `json:"-"`
}

// ID names the attempt for good: RUN_ID/KEY/iN.
func (a *Attempt) ID() string { return a.RunID + "/" + a.Key + "/i" + strconv.Itoa(a.Iteration) }

// MaxChanges bounds Attempt.Changes.
const MaxChanges = 100

// Ticket is the ask.
type Ticket struct {
	Title string `json:"title,omitempty"`
	Body  string `json:"body,omitempty"`
}

// Host is one machine of an attempt.
type Host struct {
	HostName string             `json:"host_name"`
	Machine  string             `json:"machine"`
	Template string             `json:"template"`
	Limits   providers.Limits   `json:"limits"`
	Enforced providers.Enforced `json:"enforced"`
	Kept     bool               `json:"kept,omitempty"` // for a person to look at
	// Reset: it worked for another attempt of the run before, and was brought
	// back by snapshot; else it was cloned for this one.
	Reset bool `json:"reset,omitempty"`
}

// Digests pin what an attempt was made of, in hex.
type Digests struct {
	Scenario  string            `json:"scenario,omitempty"`
	Rules     string            `json:"rules,omitempty"`
	Templates map[string]string `json:"templates,omitempty"`
	// Evidence is the digest that ends the evidence chain (AttemptDir.Seal).
	Evidence string `json:"evidence,omitempty"`
}

// Phases are the clocks of one attempt, recorded apart. Only Engine is scored.
type Phases struct {
	Admit    time.Duration `json:"admit_ns"`
	Handover time.Duration `json:"handover_ns"` // admitted → first command answered
	Ready    time.Duration `json:"ready_ns"`
	Restore  time.Duration `json:"restore_ns"`
	Prepare  time.Duration `json:"prepare_ns"`
	Control  time.Duration `json:"control_ns"` // faulted facts and negative control
	Engine   time.Duration `json:"engine_ns"`
	Hold     time.Duration `json:"hold_ns"`
	Rules    time.Duration `json:"rules_ns"`
	Release  time.Duration `json:"release_ns"`
}

// Total is the time of all phases but admission.
func (p Phases) Total() time.Duration {
	return p.Handover + p.Ready + p.Restore + p.Prepare + p.Control + p.Engine + p.Hold + p.Rules + p.Release
}
