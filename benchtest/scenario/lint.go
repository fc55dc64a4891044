package scenario

import (
	"slices"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

// LintOptions are the suite's own limits.
type LintOptions struct {
	// Max are the longest timeouts that a scenario may ask for; zero in one
	// means no limit.
	Max Timeouts
	// Hold is the hold window of scenarios that name none; zero means DefaultHold.
	Hold time.Duration
}

// DefaultHold is the longest hold window of a scenario that names none.
const DefaultHold = 30 * time.Second

// Lint reports what loads but should not be: errors that make a scenario's
// verdict worthless, and warnings. It reads the scenarios' files.
func Lint(scenarios []*Scenario, o LintOptions) Problems {
	if o.Hold <= 0 {
		o.Hold = DefaultHold
	}
	checks := []func(*linter){
		lintRequired, lintBefore, lintVacuous, lintWindow, lintLimits,
		lintTicket, lintSecrets, lintKey, lintSolve, lintGuestRun,
	}
	var problems Problems
	for _, s := range scenarios {
		l := linter{report: report{file: s.File}, s: s, options: o}
		for _, check := range checks {
			check(&l)
		}
		problems = append(problems, l.list...)
	}
	return problems.Sorted()
}

// A linter is one scenario under its checks.
type linter struct {
	report
	s       *Scenario
	options LintOptions
}

// requiredState are the required state rules that are written down.
func (s *Scenario) requiredState() []rules.State {
	return slices.DeleteFunc(slices.Clone(s.State), func(r rules.State) bool { return !r.Required })
}
