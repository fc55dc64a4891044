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

// A State rule says what must hold of a machine. ParseState makes one; it is
// not changed afterwards and may be used concurrently. The zero value expects
// nothing and is errored wherever it is asked.
type State struct {
	Label string
	On    string // host_name; empty means every host
	Query facts.Query
	// Within, For and Every are the hold window of DESIGN.md section 4.
	// Zero Every means the default.
	Within, For, Every time.Duration
	Required           bool
	Negate             bool
	Before             Before
	// Source is the rule as YAML with sorted keys; StateFromSource reads it back.
	Source string

	expect []expectation
	asked  question // of Query; zero where nobody parsed it
	told   string   // expect in words
}

// question is Query with its names, which take longer to make than to look up.
func (r *State) question() question {
	if r.asked.id == "" {
		return questionOf(r.Query)
	}
	return r.asked
}

// AppliesTo reports whether the rule is about host.
func (r *State) AppliesTo(host string) bool { return r.On == "" || r.On == host }

// CannotFail reports whether no machine that has the subject could make the
// rule fail: match-regexp .*, have-len ge 0, and the like.
func (r *State) CannotFail() bool {
	if r.Negate || len(r.expect) == 0 {
		return false
	}
	for _, e := range r.expect {
		if !trivial(e.want) {
			return false
		}
	}
	return true
}

// An expectation is what one attribute must be.
type expectation struct {
	attr string
	typ  facts.Type
	want matcher
}

func (e expectation) String() string { return e.attr + ": " + e.want.String() }
