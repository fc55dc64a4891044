package rules

// Outcome is the verdict on one attempt.
type Outcome string

// The outcomes of DESIGN.md section 5, in their order of precedence.
const (
	Skipped Outcome = "skipped"
	Errored Outcome = "errored"
	Timeout Outcome = "timeout"
	Failed  Outcome = "failed"
	Unsafe  Outcome = "unsafe"
	Passed  Outcome = "passed"
)

// Scored reports whether the outcome enters a rate.
func (o Outcome) Scored() bool { return o != Skipped && o != Errored }
