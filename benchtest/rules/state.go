package rules

import (
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

// Before is what a state rule must do once the fault is in.
type Before string

// The values of `before:`.
const (
	BeforeFails Before = "fails"
	BeforeHolds Before = "holds"
	BeforeAny   Before = "any"
)

// A State rule says what must hold of a machine. ParseState makes one.
type State struct {
	Label string
	On    string // host_name; empty means every host
	Query facts.Query
	// Within, For and Every are the hold window of DESIGN.md section 4.
	Within, For, Every time.Duration
	Required           bool
	Negate             bool
	Before             Before

	expect []expectation
}
