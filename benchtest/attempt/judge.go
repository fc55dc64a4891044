package attempt

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/benchtest/scenario"
	"github.com/benchtest-dev/benchtest/providers"
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
	results = append(results, t.judgeIntegrity()...)
	changes := t.changes()
	if v := t.validated; v != nil {
		if v.status == rules.RuleErrored && t.acted && t.providerWell {
			// It was answered at faulted: the engine broke the witness.
			v.status, v.got = rules.DoesNotHold, "evidence destroyed: "+v.got
		}
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
	own, err := t.judgeOwn()
	results = append(results, own...)
	t.rec.Results = results
	t.rec.Score = rules.Score(results)
	t.rec.Outcome, t.rec.Reason = rules.Decide(rules.DecideInput{Results: results, Changes: changes, TimedOut: t.timedOut})
	t.rec.FirstFixed, t.rec.Downtime = t.timeline()
	return err
}

// judgeState judges one state rule on one host.
func (t *try) judgeState(rh ruleHost) rules.Result {
	return rules.JudgeState(rh.rule, t.evidenceOf(t.host(rh.host)))
}

// judgeIntegrity judges the implicit rule on every host, where the scenario
// leaves it on.
func (t *try) judgeIntegrity() []rules.Result {
	if t.sc.IntegrityOff != "" {
		return nil
	}
	var results []rules.Result
	for _, h := range t.hosts {
		if r, asked := rules.JudgeIntegrity(t.evidenceOf(h), providers.Network(t.sc.Network) == providers.NetworkOpen); asked {
			results = append(results, r)
		}
	}
	return results
}

func (t *try) evidenceOf(h *host) rules.StateEvidence {
	return rules.StateEvidence{
		Healthy: h.at[facts.Healthy], Faulted: h.at[facts.Faulted], After: h.at[facts.After], Held: h.at[facts.Held],
		Samples: h.hold, EngineActed: t.acted, ProviderWell: t.providerWell,
	}
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

// judgeOwn evaluates the user's own rules. A required one that could not be
// asked makes the attempt errored, since it is the suite that broke.
func (t *try) judgeOwn() ([]rules.Result, error) {
	e := Evidence{Key: t.sc.Key, Job: t.job, Snapshots: map[string]map[facts.Checkpoint]facts.Snapshot{}}
	for _, h := range t.hosts {
		e.Snapshots[h.name] = h.at
	}
	results := make([]rules.Result, 0, len(t.Rules))
	var errs []error
	for _, r := range t.Rules {
		res := rules.Result{Label: r.Label, Scope: r.Scope, Required: r.Required, Status: rules.DoesNotHold, Expected: r.Label}
		holds, got, err := checked(r, e)
		switch {
		case err != nil:
			res.Status, res.Reason = rules.RuleErrored, err.Error()
			if r.Required {
				errs = append(errs, fmt.Errorf("rule %q of Config: %w", r.Label, err))
			}
		case holds:
			res.Status = rules.Holds
		}
		res.Got = got
		results = append(results, res)
	}
	return results, errors.Join(errs...)
}

// checked is r.Check, surviving a panic.
func checked(r Rule, e Evidence) (holds bool, got string, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return r.Check(e)
}

// askProvider finds out whose fault it is when a machine could not be asked at
// the end: a provider that is well and still has the machine says that the
// evidence was destroyed inside it.
func (t *try) askProvider(ctx context.Context) error {
	t.providerWell = true
	asked := t.validated == nil || t.validated.status != rules.RuleErrored
	if asked && t.answered(facts.After) == nil && t.answered(facts.Held) == nil {
		return nil
	}
	err := t.machinesThere(ctx)
	if err == nil {
		err = t.Provider.Check(ctx)
	}
	if err != nil {
		t.providerWell = false
		t.logf("provider: %v", err)
	}
	return ctx.Err()
}

// machinesThere is nil when the provider still has every machine. One that it
// calls broken lost its processes to something outside the guest; one that is
// stopped was stopped from inside.
func (t *try) machinesThere(ctx context.Context) error {
	infos, err := t.Provider.List(ctx)
	if err != nil {
		return err
	}
	return t.each(func(h *host) error {
		id := h.clone.Machine.ID()
		i := slices.IndexFunc(infos, func(m providers.MachineInfo) bool { return m.ID == id })
		switch {
		case i < 0:
			return fmt.Errorf("machine %s: %w", id, providers.ErrNotFound)
		case infos[i].State == "broken":
			return fmt.Errorf("machine %s was lost for a reason outside the guest", id)
		}
		return nil
	})
}
