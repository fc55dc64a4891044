package scenario

import "fmt"

// lintVacuous refuses rules that hold whatever happens.
func lintVacuous(l *linter) {
	for i := range l.s.State {
		if l.s.State[i].CannotFail() {
			l.errorf(l.s.place(fmt.Sprintf("state.%d", i)), "the rule %q can never fail", l.s.State[i].Label)
		}
	}
	for i := range l.s.Compliance {
		if l.s.Compliance[i].CannotFail() {
			l.errorf(l.s.place(fmt.Sprintf("validation.%d", i)), "the rule %q can never fail", l.s.Compliance[i].Label)
		}
	}
}
