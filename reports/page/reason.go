package page

import (
	"cmp"
	"fmt"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/reports"
)

// A reason says in one sentence why an attempt did not pass.
type reason struct {
	Rule Text // the first rule that decided; empty: Says is all
	Says Text
	More int // how many other rules did not hold
}

// maxReason bounds the sentence, in bytes.
const maxReason = 180

// whyNot is the reason of a; the zero one where it passed.
func whyNot(a reports.Attempt) reason {
	var r reason
	if a.Outcome == rules.Failed || a.Outcome == rules.Unsafe {
		for _, res := range a.Results {
			if !res.Required || res.Status == rules.Holds || (res.Scope == rules.ScopeState) != (a.Outcome == rules.Failed) {
				continue
			}
			if r.Rule != "" {
				r.More++
				continue
			}
			r.Rule = Text(res.Label)
			r.Says = line(res.Reason, maxReason)
			if res.Got != "" {
				r.Says = "expected " + line(cmp.Or(res.Expected, "it to hold"), maxReason/2) + ", got " + line(res.Got, maxReason/2)
			}
		}
	}
	if r.Rule == "" {
		r.Says = line(a.Reason, 2*maxReason)
	}
	return r
}

// String is the reason as plain text.
func (r reason) String() string {
	s := string(r.Says)
	if r.Rule != "" {
		s = fmt.Sprintf("%s: %s", r.Rule, r.Says)
	}
	if r.More > 0 {
		s += fmt.Sprintf(" (and %d more)", r.More)
	}
	return Text(s).String()
}
