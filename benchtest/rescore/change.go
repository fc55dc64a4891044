package rescore

import (
	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/reports"
)

// A Change is how a new verdict on an attempt differs from the last one.
type Change struct {
	Old, New reports.Verdict
	Rules    []RuleChange // those that came to another status, came or went
}

// A RuleChange is one rule on one host. Old or New is empty where there was no
// such rule.
type RuleChange struct {
	Scope    rules.Scope
	Label    string
	Host     string
	Old, New rules.Status
	Reason   string // of the new result
}

// Compare finds what is different in now.
func Compare(old, now reports.Verdict) Change {
	c := Change{Old: old, New: now}
	was := map[RuleChange]rules.Status{}
	for _, r := range old.Results {
		was[RuleChange{Scope: r.Scope, Label: r.Label, Host: r.Host}] = r.Status
	}
	for _, r := range now.Results {
		id := RuleChange{Scope: r.Scope, Label: r.Label, Host: r.Host}
		before, there := was[id]
		delete(was, id)
		if there && before == r.Status {
			continue
		}
		change := id
		change.Old, change.New, change.Reason = before, r.Status, r.Summary()
		c.Rules = append(c.Rules, change)
	}
	for _, r := range old.Results { // in their order, not the map's
		id := RuleChange{Scope: r.Scope, Label: r.Label, Host: r.Host}
		if _, gone := was[id]; gone {
			delete(was, id)
			id.Old = r.Status
			c.Rules = append(c.Rules, id)
		}
	}
	return c
}

// Differs reports whether outcome or any rule came out otherwise.
func (c Change) Differs() bool { return c.Old.Outcome != c.New.Outcome || len(c.Rules) > 0 }

// News reports whether New is worth a record: it differs, or other rules came
// to the same.
func (c Change) News() bool { return c.Differs() || c.Old.Rules != c.New.Rules }
