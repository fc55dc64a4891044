package reports

import (
	"fmt"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

// repeated is the keys with more than one iteration: their attempts are shown
// with it, those of the others without.
func repeated(attempts []Attempt) map[string]bool {
	keys := map[string]bool{}
	for _, a := range attempts {
		if a.Iteration > 1 {
			keys[a.Key] = true
		}
	}
	return keys
}

func (s *summary) name(a Attempt) string {
	if s.repeated[a.Key] {
		return fmt.Sprintf("%s/i%d", oneLine(a.Key), a.Iteration)
	}
	return oneLine(a.Key)
}

// compliance is how many of the compliance rules hold, or "-" without any.
func compliance(a Attempt) string {
	holds, all := 0, 0
	for _, r := range a.Results {
		if r.Scope == rules.ScopeState {
			continue
		}
		all++
		if r.Status == rules.Holds {
			holds++
		}
	}
	if all == 0 {
		return "-"
	}
	return fmt.Sprintf("%d/%d", holds, all)
}

// PaintOutcome is an outcome as a word, where color in the colour that it has on
// terminals.
func PaintOutcome(o rules.Outcome, color bool) string {
	return outcomeStyle(o).paint(oneLine(string(o)), color)
}

func outcomeStyle(o rules.Outcome) style {
	switch o {
	case rules.Passed:
		return green
	case rules.Failed:
		return red
	case rules.Unsafe:
		return magenta
	case rules.Timeout, rules.Errored:
		return yellow
	}
	return dim
}
