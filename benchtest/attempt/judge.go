package attempt

import (
	"context"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/benchtest/scenario"
)

// Evidence is what a user's own Rule may look at.
type Evidence struct {
	Key       string
	Snapshots map[string]map[facts.Checkpoint]facts.Snapshot // by host_name
	Job       rules.Job
}

// judge computes the verdict once, from the stored evidence alone.
func (t *try) judge(ctx context.Context) error {
	if err := t.askProvider(ctx); err != nil {
		return err
	}
	var results []rules.Result
	for _, rh := range t.onHosts() {
		results = append(results, t.judgeState(rh))
	}
	changes := t.changes()
	if v := t.validated; v != nil {
		results = append(results, rules.Result{
			Label: "validate", Scope: rules.ScopeState, Required: true, Status: v.status,
			Expected: v.file + " ends with exit status 0", Got: v.got, Raw: v.raw,
			Checkpoint: string(facts.Held), Grade: string(facts.GradeGuestRun),
		})
	}
	for i := range t.sc.Compliance {
		results = append(results, t.sc.Compliance[i].Check(t.job, rules.CheckOptions{
			ObservedPossible: true, RequireObserved: t.RequireObserved, Duration: t.rec.Phases.Engine,
		}))
	}
	results = append(results, t.judgeOwn()...)
	t.rec.Results = results
	t.rec.Score = rules.Score(results)
	t.rec.Outcome, t.rec.Reason = rules.Decide(rules.DecideInput{Results: results, Changes: changes, TimedOut: t.timedOut})
	t.rec.FirstFixed, t.rec.Downtime = t.timeline()
	return nil
}

// judgeState judges one state rule on one host.
func (t *try) judgeState(rh ruleHost) rules.Result {
	h := t.host(rh.host)
	return rules.JudgeState(rh.rule, rules.StateEvidence{
		Healthy: h.at[facts.Healthy], Faulted: h.at[facts.Faulted], After: h.at[facts.After], Held: h.at[facts.Held],
		Samples: h.hold, EngineActed: t.acted, ProviderWell: t.providerWell,
	})
}

// changes holds the machine to what it was, where nothing was to be done: any
// change of what the state rules watch is unsafe.
func (t *try) changes() []rules.Result {
	if t.sc.Expect != scenario.ExpectNoAction {
		return nil
	}
	var changes []rules.Result
	for _, rh := range t.onHosts() {
		h := t.host(rh.host)
		changes = append(changes, rules.Unchanged(rh.rule, h.at[facts.Healthy], h.at[facts.Held]))
	}
	return changes
}

// judgeOwn evaluates the user's own rules.
func (t *try) judgeOwn() []rules.Result {
	e := Evidence{Key: t.sc.Key, Job: t.job, Snapshots: map[string]map[facts.Checkpoint]facts.Snapshot{}}
	for _, h := range t.hosts {
		e.Snapshots[h.name] = h.at
	}
	results := make([]rules.Result, 0, len(t.Rules))
	for _, r := range t.Rules {
		res := rules.Result{Label: r.Label, Scope: r.Scope, Required: r.Required, Status: rules.DoesNotHold, Expected: r.Label}
		holds, got, err := r.Check(e)
		switch {
		case err != nil:
			res.Status, res.Reason = rules.RuleErrored, err.Error()
		case holds:
			res.Status = rules.Holds
		}
		res.Got = got
		results = append(results, res)
	}
	return results
}

// askProvider finds out whose fault it is when a machine could not be asked at
// the end: a provider that is well and still has the machine says that the
// evidence was destroyed inside it.
func (t *try) askProvider(ctx context.Context) error {
	t.providerWell = true
	if t.answered(facts.After) == nil && t.answered(facts.Held) == nil {
		return nil
	}
	err := t.each(func(h *host) error {
		_, err := t.Provider.Open(ctx, h.clone.Machine.ID())
		return err
	})
	if err == nil {
		err = t.Provider.Check(ctx)
	}
	if err != nil {
		t.providerWell = false
		t.logf("provider: %v", err)
	}
	return ctx.Err()
}
