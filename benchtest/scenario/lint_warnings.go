package scenario

import (
	"slices"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

// lintKey warns of a key that does not say where the scenario is.
func lintKey(l *linter) {
	if l.s.Key != l.s.Dir {
		l.warnf(l.s.place("key"), "key %q differs from the path %s", l.s.Key, l.s.Dir)
	}
}

// lintSolve warns of a scenario that nobody has shown to be solvable.
func lintSolve(l *linter) {
	if l.s.Expect != ExpectNoAction && l.s.Scripts.Solve.None() {
		l.warnf(place{1, 1}, "no solve.sh or solve.yml: the oracle cannot prove that this can be solved")
	}
}

// lintGuestRun warns of a verdict that the guest's own programs give, which an
// engine that is root there can replace.
func lintGuestRun(l *linter) {
	required := l.s.requiredState()
	if len(required) == 0 && l.s.Scripts.Validate.None() {
		return
	}
	if !slices.ContainsFunc(required, func(r rules.State) bool { return !r.Query.GuestRun() }) {
		l.warnf(l.s.place("state"), "every required state rule runs a program of the guest's: an engine can replace those")
	}
}
