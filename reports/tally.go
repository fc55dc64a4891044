package reports

import (
	"cmp"
	"slices"
	"strings"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/benchtest/stats"
)

// StatsSeed seeds the resampling of every report: the same attempts give the
// same intervals wherever they are shown.
const StatsSeed = 1

// SortAttempts sorts by scenario and number.
func SortAttempts(list []Attempt) {
	slices.SortStableFunc(list, func(a, b Attempt) int {
		return cmp.Or(strings.Compare(a.Key, b.Key), cmp.Compare(a.Iteration, b.Iteration))
	})
}

// Tallies counts the attempts at each scenario, by key. Skipped ones were not
// attempted, and those that were made again count once; a scenario with no
// others is left out.
func Tallies(attempts []Attempt) []stats.Scenario {
	count := map[string]stats.Tally{}
	for _, a := range attempts {
		if a.Outcome == rules.Skipped || a.Remade {
			continue
		}
		one := stats.Tally{Attempted: 1}
		if a.Outcome.Scored() {
			one.Scored = 1
		}
		if a.Outcome == rules.Passed {
			one.Passed = 1
		}
		count[a.Key] = count[a.Key].Plus(one)
	}
	list := make([]stats.Scenario, 0, len(count))
	for key, t := range count {
		list = append(list, stats.Scenario{Key: key, Tally: t})
	}
	slices.SortFunc(list, func(a, b stats.Scenario) int { return strings.Compare(a.Key, b.Key) })
	return list
}
