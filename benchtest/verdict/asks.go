package verdict

import (
	"strings"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/benchtest/scenario"
	"github.com/benchtest-dev/benchtest/providers"
)

// Asks says which facts Judge looks at, by their Query.ID: a small part of what
// is stored.
func Asks(sc *scenario.Scenario) func(id string) bool {
	asked := map[string]bool{rules.IntegrityQuery().ID(): sc.IntegrityOff == ""}
	for i := range sc.State {
		q := sc.State[i].Query
		asked[q.ID()] = true
		// Under this name the inventory has it.
		asked[facts.Query{Noun: q.Noun, Subject: q.Subject}.ID()] = true
	}
	// What a package was is looked at only where another version may come in.
	packages := providers.Network(sc.Network) == providers.NetworkOpen && sc.IntegrityOff == ""
	return func(id string) bool {
		return asked[id] || packages && strings.HasPrefix(id, facts.NounPackage+":")
	}
}
