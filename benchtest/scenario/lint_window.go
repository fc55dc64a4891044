package scenario

import "fmt"

// lintWindow refuses rules that the hold window is too short to decide.
func lintWindow(l *linter) {
	hold, whose := l.options.Hold, "the default"
	if l.s.Timeouts.Hold > 0 {
		hold, whose = l.s.Timeouts.Hold, "timeouts.hold"
	}
	for i, r := range l.s.State {
		if r.Within+r.For > hold {
			name := fmt.Sprintf("state.%d", i)
			l.errorf(l.s.place(name+".within", name+".for", name),
				"within and for of the rule %q are %s together, and the hold window ends after %s (%s)", r.Label, r.Within+r.For, hold, whose)
		}
	}
}
