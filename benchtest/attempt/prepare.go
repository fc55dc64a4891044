package attempt

import (
	"context"
	"fmt"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/providers"
)

// restore clears stale state, silently: on a fresh clone there is none, and a
// scenario may use it to set up what its fault needs. What it says is in the log.
func (t *try) restore(ctx context.Context) error {
	if t.sc.Scripts.Restore.None() {
		return nil
	}
	unmended, err := t.soil()
	if err != nil {
		return err
	}
	for host, err := range t.restored(ctx) {
		if unmended && err != nil {
			return fmt.Errorf("host %s was left as an attempt that died made it: %w", host, err)
		}
	}
	return t.ready(ctx)
}

// prepare breaks the machine. When it fails, nothing is known of the engine.
func (t *try) prepare(ctx context.Context) error {
	if t.sc.Scripts.Prepare.None() {
		return nil
	}
	t.broken = true
	ctx, cancel := context.WithTimeout(ctx, t.limit.Prepare)
	defer cancel()
	results, err := t.run(ctx, task{name: "prepare", step: t.sc.Scripts.Prepare, limit: t.limit.Prepare})
	if err != nil {
		return err
	}
	for _, r := range results {
		if r.exit != 0 {
			return fmt.Errorf("%s on %s: exit status %d: %s", r.file, r.host, r.exit, lastLine(r.output))
		}
	}
	return nil
}

// A validation is what validate.* said.
type validation struct {
	file   string
	status rules.Status
	got    string
	raw    string
}

// validate asks validate.*: exit 0 holds; 1 (shell) or 2 (Ansible: a task
// failed) does not; anything else means that the question could not be asked.
func (t *try) validate(ctx context.Context) validation {
	ctx, cancel := context.WithTimeout(ctx, t.limit.Prepare)
	defer cancel()
	step := t.sc.Scripts.Validate
	results, err := t.run(ctx, task{name: "validate", step: step, limit: t.limit.Prepare})
	if err != nil {
		return validation{file: stepName(step, "validate"), status: rules.RuleErrored, got: err.Error()}
	}
	no := 1
	if step.Playbook != "" {
		no = 2
	}
	v := validation{file: stepName(step, "validate"), status: rules.Holds, got: "exit status 0"}
	for _, r := range results {
		if r.exit == 0 {
			continue
		}
		v.raw += r.output
		v.got = fmt.Sprintf("%s on %s: exit status %d: %s", r.file, r.host, r.exit, lastLine(r.output))
		if r.exit != no {
			v.status = rules.RuleErrored
			return v
		}
		v.status = rules.DoesNotHold
	}
	return v
}

// reachable is how long a machine may take to answer before validate.* is not
// even tried: one that the engine broke would cost a minute at every step.
const reachable = 15 * time.Second

// validateHeld asks validate.* at the end, when the engine may have broken what
// it needs.
func (t *try) validateHeld(ctx context.Context) validation {
	err := t.each(func(h *host) error {
		ctx, cancel := context.WithTimeout(ctx, reachable)
		defer cancel()
		_, err := h.root.Exec(ctx, providers.Command{Argv: []string{"true"}, Limit: reachable})
		return err
	})
	if err != nil {
		return validation{file: stepName(t.sc.Scripts.Validate, "validate"), status: rules.RuleErrored, got: err.Error()}
	}
	return t.validate(ctx)
}
