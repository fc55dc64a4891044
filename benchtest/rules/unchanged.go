package rules

import (
	"fmt"
	"strings"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

// Unchanged says whether what the rule watches is the same at held as it was at
// healthy, for scenarios in which nothing is to be done. It compares what stays
// the same by itself: also the identity of a service's process, so that a
// restart is a change, but no measurement and no text of a program or server.
func Unchanged(r *State, healthy, held facts.Snapshot) Result {
	res := Result{
		Label: r.Label, Scope: ScopeState, Required: r.Required, Status: RuleErrored, Host: held.Host,
		Checkpoint: string(held.Checkpoint), Expected: "unchanged since healthy",
	}
	before, err := findFact(healthy, r.question())
	if err != nil {
		res.Reason = err.Error()
		return res
	}
	now, err := findFact(held, r.question())
	if err != nil {
		// It could be asked before: that alone is a change.
		res.Status, res.Reason = DoesNotHold, err.Error()
		return res
	}
	res.Raw, res.Grade = clip(now.Raw, maxRaw), string(now.Grade)
	var changes []string
	for _, attr := range steady(r.Query.Noun) {
		was, is := normal(before.Attrs[attr]), normal(now.Attrs[attr])
		if !equalValues(was, is) {
			changes = append(changes, fmt.Sprintf("%s was %s and is %s", attr, show(was), show(is)))
		}
	}
	res.Status = Holds
	if len(changes) > 0 {
		res.Status, res.Got = DoesNotHold, strings.Join(changes, "; ")
		res.Reason = fmt.Sprintf("%s %q was changed", r.Query.Noun, r.Query.Subject)
	}
	return res
}

// steady lists the attributes of a noun that change only when somebody changes
// them. Numbers of workers, latencies and the like come and go.
func steady(noun string) []string {
	switch noun {
	case facts.NounService:
		return []string{"running", "enabled", "masked", "failed", "restarts", "main-pid", "since"}
	case facts.NounProcess:
		return []string{"running", "user", "pid-stable"}
	case facts.NounFile:
		return []string{"exists", "filetype", "mode", "owner", "group", "linked-to", "sha256"}
	case facts.NounMount:
		return []string{"exists", "source", "filesystem", "options"}
	case facts.NounCertificate:
		return []string{"subject", "san", "chain"}
	case facts.NounHTTP:
		return []string{"status"}
	case facts.NounDNS:
		return []string{"resolvable"}
	case facts.NounCommand, facts.NounAnsible, facts.NounScript:
		return []string{"exit-status"}
	case facts.NounJournal:
		return nil
	}
	n, _ := facts.LookupNoun(noun)
	return n.AttrNames()
}
