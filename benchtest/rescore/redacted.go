package rescore

import (
	"encoding/json"
	"strings"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/benchtest/scenario"
	"github.com/benchtest-dev/benchtest/reports"
	"github.com/benchtest-dev/benchtest/reports/redact"
)

// redacted is how the reason of a rule begins whose evidence lacks what it needs:
// the run itself judged before secrets were taken out of what is stored.
const redacted = "evidence redacted"

// withoutRedacted makes the results errored that came out otherwise than in the
// run, or are new, because a secret is no longer in the evidence. It returns the
// reason of the first that is required; empty where there is none.
func withoutRedacted(sc *known, a *reports.Attempt, e reports.Evidence, results []rules.Result) (reason string) {
	was := statuses(a.Results)
	same := sc.digest == a.Digests.Rules
	for i := range results {
		r := &results[i]
		before, known := was[nameOf(r)]
		if r.Once || known && before == r.Status {
			continue
		}
		// The same rule comes to another result only over other evidence.
		told := marked(r.Got) || marked(r.Raw)
		if altered := same && known && lacks(sc.Scenario, e, r); !told && !altered {
			continue
		}
		r.Status, r.Reason = rules.RuleErrored, redacted+": a secret stood where this looks"
		if r.Required && reason == "" {
			reason = r.Summary()
		}
	}
	return reason
}

func marked(text string) bool { return strings.Contains(text, redact.Mark) }

// lacks reports whether something was taken out of what r looks at.
func lacks(sc *scenario.Scenario, e reports.Evidence, r *rules.Result) bool {
	if r.Scope != rules.ScopeState {
		return markedJSON(e.Job)
	}
	for i := range sc.State {
		q := sc.State[i].Query
		if sc.State[i].Label != r.Label {
			continue
		}
		for _, s := range e.Snapshots {
			// An inventory goes by the second name.
			for _, id := range []string{q.ID(), facts.Query{Noun: q.Noun, Subject: q.Subject}.ID()} {
				if s.Host == r.Host && markedJSON(s.Facts[id].Attrs) {
					return true
				}
			}
		}
	}
	return false
}

func markedJSON(v any) bool {
	text, err := json.Marshal(v)
	return err == nil && marked(string(text))
}
