package attempt

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/benchtest/verdict"
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
	if err := t.uninterrupted(); err != nil {
		return err
	}
	if err := t.askProvider(ctx); err != nil {
		return err
	}
	e := t.evidence()
	if t.validated != nil {
		e.Once = append(e.Once, t.validated.result(t.acted && t.providerWell))
	}
	own, err := t.judgeOwn()
	e.Once = append(e.Once, own...)
	e.Judged = err == nil
	v := verdict.Judge(t.sc, e)
	t.rec.Circumstances = e.Circumstances
	t.rec.Results, t.rec.Score, t.rec.Outcome, t.rec.Reason = v.Results, v.Score, v.Outcome, v.Reason
	t.rec.FirstFixed, t.rec.Downtime = t.timeline()
	return err
}

// evidence is what the verdict rests on, but for what can be asked only once.
func (t *try) evidence() verdict.Evidence {
	e := verdict.Evidence{Job: t.job, EngineTime: t.rec.Phases.Engine, Circumstances: rules.Circumstances{
		EngineActed: t.acted, ProviderWell: t.providerWell, TimedOut: t.timedOut, RequireObserved: t.RequireObserved,
	}}
	for _, h := range t.hosts {
		e.Hosts = append(e.Hosts, verdict.Host{Name: h.name, At: h.at, Samples: h.hold})
	}
	return e
}

// result is the verdict of validate.* as a rule's. It was answered at faulted:
// where it cannot be had any more and engineDidIt, that broke the witness.
func (v *validation) result(engineDidIt bool) rules.Result {
	res := rules.Result{
		Label: "validate", Scope: rules.ScopeState, Required: true, Status: v.status,
		Expected: v.file + " ends with exit status 0", Got: v.got, Raw: v.raw,
		Checkpoint: string(facts.Held), Grade: string(facts.GradeGuestRun),
	}
	if v.status == rules.RuleErrored && engineDidIt {
		res.Status, res.Got = rules.DoesNotHold, "evidence destroyed: "+v.got
	}
	return res
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

// uninterrupted is nil when nothing cut a machine off since the engine began.
// Else nothing is judged, be it for or against the engine: what it did not get
// done may be due to that.
func (t *try) uninterrupted() error {
	return t.each(func(h *host) error {
		if r, ok := h.clone.Machine.(providers.InterruptionReporter); ok {
			return r.Interrupted(t.began)
		}
		return nil
	})
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
