package attempt

import (
	"context"
	"fmt"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/benchtest/scenario"
)

// A fault may take a moment to show: a service dies a little after its file
// broke. The control waits that long before it says that the fault never landed.
const (
	controlPatience = 5 * time.Second
	controlEvery    = 200 * time.Millisecond
)

// control is the negative control: with the fault in, each required state rule
// must do what its `before` says, which is to fail unless it says otherwise.
// Without it a rule that always holds would pass every engine.
func (t *try) control(ctx context.Context) error {
	deadline := time.Now().Add(controlPatience)
	for {
		t.observe(ctx, facts.Faulted, 0)
		if err := t.answered(facts.Faulted); err != nil {
			return err
		}
		err := t.faultLanded()
		if err == nil {
			err = t.controlValidate(ctx)
		}
		if err == nil || time.Now().After(deadline) {
			return err
		}
		if !sleep(ctx, controlEvery) {
			return ctx.Err()
		}
	}
}

// faultLanded says which required rule does not do what it must before the
// engine works.
func (t *try) faultLanded() error {
	if t.sc.Expect == scenario.ExpectNoAction {
		return nil
	}
	for i := range t.sc.State {
		r := &t.sc.State[i]
		if !r.Required {
			continue
		}
		// A rule about several hosts fails when it fails on one.
		var onHosts []rules.Result
		for _, h := range t.hosts {
			if r.AppliesTo(h.name) {
				onHosts = append(onHosts, r.HoldsAt(h.at[facts.Faulted], h.at))
			}
		}
		if ok, reason := r.BeforeOK(rules.AllHosts(onHosts)); !ok {
			return fmt.Errorf("negative control: rule %q: %s: the fault never landed, or the scenario is wrong", r.Label, reason)
		}
	}
	return nil
}

// controlValidate runs validate.* on the broken machine: it must say no.
func (t *try) controlValidate(ctx context.Context) error {
	if t.sc.Scripts.Validate.None() || t.sc.Expect == scenario.ExpectNoAction {
		return nil
	}
	v := t.validate(ctx)
	switch v.status {
	case rules.Holds:
		return fmt.Errorf("negative control: %s says that all is well on the broken machine: the fault never landed, or the scenario is wrong", v.file)
	case rules.RuleErrored:
		return fmt.Errorf("negative control: %s could not be asked: %s", v.file, v.got)
	}
	return nil
}

// sleep waits for d; false when ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
