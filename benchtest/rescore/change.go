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

// A ruleName is what a rule is known by from one verdict to the other.
type ruleName struct {
	scope       rules.Scope
	label, host string
}

func nameOf(r *rules.Result) ruleName { return ruleName{r.Scope, r.Label, r.Host} }

// statuses are how results came out.
func statuses(results []rules.Result) map[ruleName]rules.Status {
	by := make(map[ruleName]rules.Status, len(results))
	for i := range results {
		by[nameOf(&results[i])] = results[i].Status
	}
	return by
}

// Compare finds what is different in now.
func Compare(old, now reports.Verdict) Change {
	c := Change{Old: old, New: now}
	was := statuses(old.Results)
	for i := range now.Results {
		r := &now.Results[i]
		before, there := was[nameOf(r)]
		delete(was, nameOf(r))
		if there && before == r.Status {
			continue
		}
		c.Rules = append(c.Rules, RuleChange{Scope: r.Scope, Label: r.Label, Host: r.Host, Old: before, New: r.Status, Reason: r.Summary()})
	}
	for i := range old.Results { // in their order, not the map's
		r := &old.Results[i]
		if _, gone := was[nameOf(r)]; gone {
			delete(was, nameOf(r))
			c.Rules = append(c.Rules, RuleChange{Scope: r.Scope, Label: r.Label, Host: r.Host, Old: r.Status})
		}
	}
	return c
}

// Differs reports whether outcome or any rule came out otherwise.
func (c Change) Differs() bool { return c.Old.Outcome != c.New.Outcome || len(c.Rules) > 0 }

// News reports whether New is worth a record: it differs, or other rules came
// to the same.
func (c Change) News() bool { return c.Differs() || c.Old.Rules != c.New.Rules }
