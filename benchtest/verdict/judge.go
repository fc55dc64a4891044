package verdict

import (
	"github.com/benchtest-dev/benchtest/benchtest/facts"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/benchtest/scenario"
	"github.com/benchtest-dev/benchtest/providers"
)

// A Verdict is what the rules say of one attempt.
type Verdict struct {
	Outcome rules.Outcome
	Reason  string // why it is not passed, in one line
	Results []rules.Result
	Score   float64 // rules that hold / all compliance rules; 1 when there are none
}

// Judge applies the scenario's rules to the evidence. It is pure.
func Judge(sc *scenario.Scenario, e Evidence) Verdict {
	results := append(judgeState(sc, e), judgeIntegrity(sc, e)...)
	results = append(results, once(e, true)...)
	for i := range sc.Compliance {
		results = append(results, sc.Compliance[i].Check(e.Job, rules.CheckOptions{
			ObservedPossible: true, RequireObserved: e.RequireObserved, Duration: e.EngineTime,
		}))
	}
	results = append(results, once(e, false)...)
	v := Verdict{Results: results, Score: rules.Score(results)}
	v.Outcome, v.Reason = rules.Decide(rules.DecideInput{Results: results, Changes: changes(sc, e), TimedOut: e.TimedOut})
	return v
}

// judgeState judges every state rule on every host that it is about, in the
// order of the file.
func judgeState(sc *scenario.Scenario, e Evidence) []rules.Result {
	evidence := make([]rules.StateEvidence, len(e.Hosts))
	for i := range e.Hosts {
		evidence[i] = e.state(&e.Hosts[i]).Prepared()
	}
	var results []rules.Result
	for i := range sc.State {
		for j := range e.Hosts {
			if r := &sc.State[i]; r.AppliesTo(e.Hosts[j].Name) {
				results = append(results, rules.JudgeState(r, evidence[j]))
			}
		}
	}
	return results
}

// judgeIntegrity judges the implicit rule on every host, where the scenario
// leaves it on.
func judgeIntegrity(sc *scenario.Scenario, e Evidence) []rules.Result {
	if sc.IntegrityOff != "" {
		return nil
	}
	var results []rules.Result
	for i := range e.Hosts {
		if r, asked := rules.JudgeIntegrity(e.state(&e.Hosts[i]), providers.Network(sc.Network) == providers.NetworkOpen); asked {
			results = append(results, r)
		}
	}
	return results
}

// once are the results about the machine, or the others, that nobody can come
// to again.
func once(e Evidence, state bool) []rules.Result {
	var results []rules.Result
	for _, r := range e.Once {
		if (r.Scope == rules.ScopeState) == state {
			r.Once = true
			results = append(results, r)
		}
	}
	return results
}

// changes holds the machine to what it was, where nothing was to be done: any
// change of what the state rules watch is unsafe.
func changes(sc *scenario.Scenario, e Evidence) []rules.Result {
	if sc.Expect != scenario.ExpectNoAction {
		return nil
	}
	var changes []rules.Result
	for i := range sc.State {
		for _, h := range e.Hosts {
			if r := &sc.State[i]; r.AppliesTo(h.Name) {
				changes = append(changes, rules.Unchanged(r, h.At[facts.Healthy], h.At[facts.Held]))
			}
		}
	}
	return changes
}
