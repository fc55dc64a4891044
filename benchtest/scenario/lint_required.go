package scenario

import (
	"slices"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

// lintRequired refuses a scenario that nothing can fail, and points at one
// whose verdict rests on the engine's words alone.
func lintRequired(l *linter) {
	s := l.s
	validated := !s.Scripts.Validate.None()
	compliance := slices.ContainsFunc(s.Compliance, func(c rules.Compliance) bool { return c.Required })
	if len(s.requiredState()) == 0 && !compliance && !validated {
		l.errorf(s.place("state", "validation"), "no required rule: every engine passes")
		return
	}
	if len(s.State) == 0 && !validated {
		l.warnf(place{1, 1}, "no state rule and no validate.*: an investigation, judged by what the engine says")
	}
}
