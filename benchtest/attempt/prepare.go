package attempt

import (
	"context"
	"fmt"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

// restore clears stale state, silently: on a fresh clone there is none, and a
// scenario may use it to set up what its fault needs. What it says is in the log.
func (t *try) restore(ctx context.Context) error {
	if t.sc.Scripts.Restore.None() {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, t.limit.Prepare)
	defer cancel()
	if _, err := t.run(ctx, task{name: "restore", step: t.sc.Scripts.Restore, limit: t.limit.Prepare}); err != nil {
		t.logf("restore: %v", err)
	}
	return t.ready(ctx)
}

// prepare breaks the machine. When it fails, nothing is known of the engine.
func (t *try) prepare(ctx context.Context) error {
	if t.sc.Scripts.Prepare.None() {
		return nil
	}
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
