package scenario

import (
	"slices"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

// lintBefore refuses state rules that do not see the fault: an engine that
// does nothing would pass.
func lintBefore(l *linter) {
	s := l.s
	if s.Expect == ExpectNoAction || len(s.State) == 0 || !s.Scripts.Validate.None() {
		return
	}
	sees := func(r rules.State) bool { return r.Before == rules.BeforeFails }
	if !slices.ContainsFunc(s.requiredState(), sees) {
		l.errorf(s.place("state"), "no required state rule has `before: fails`: none sees the fault")
	}
}
