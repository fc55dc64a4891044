package page

import (
	"slices"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/reports"
)

// shown are the outcomes in the order in which pages show them.
func shown() []rules.Outcome {
	return []rules.Outcome{rules.Failed, rules.Unsafe, rules.Timeout, rules.Errored, rules.Skipped, rules.Passed}
}

// known is o where it is one of the outcomes: it becomes part of a class name.
func known(o rules.Outcome) Text {
	if slices.Contains(shown(), o) {
		return Text(o)
	}
	return "skipped"
}

// A tallied outcome is a number of attempts that ended alike.
type tallied struct {
	Outcome Text
	Mark    mark
	N       int
}

func tallyOutcomes(attempts []reports.Attempt) []tallied {
	n := map[rules.Outcome]int{}
	for _, a := range attempts {
		n[a.Outcome]++
	}
	var list []tallied
	for _, o := range shown() {
		if n[o] > 0 {
			list = append(list, tallied{Text(o), markOf(o), n[o]})
		}
	}
	return list
}

// bad reports whether a person is to look at an attempt that ended so.
func bad(o rules.Outcome) bool { return o != rules.Passed && o != rules.Skipped }
