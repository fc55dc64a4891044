package attempt

import (
	"context"
	"errors"
	"fmt"

	"github.com/benchtest-dev/benchtest/fixtures"
	"github.com/benchtest-dev/benchtest/providers"
)

// borrow takes the attempt's machines where the provider lends them. It comes
// before the budget: who has a place in that never waits for a machine.
func (t *try) borrow(ctx context.Context, wants []fixtures.Want) (err error) {
	lender, ok := t.Provider.(providers.Lender)
	if !ok {
		return nil
	}
	specs := make([]providers.CloneSpec, 0, len(wants))
	for _, w := range wants {
		specs = append(specs, providers.CloneSpec{
			Template: w.Template, HostName: w.HostName, HostID: w.HostID, Run: t.Record.ID, Attempt: w.Attempt, Network: w.Network,
		})
	}
	t.giveBack, err = lender.Borrow(ctx, specs)
	return err
}

// soil notes that the attempt is about to change machines that outlive it.
// Unmended reports that one was changed before by somebody who died: then this
// restore has to succeed.
func (t *try) soil() (unmended bool, err error) {
	for _, h := range t.hosts {
		loan, ok := h.clone.Machine.(providers.Loan)
		if !ok || t.sc.Scripts.Restore.None() {
			continue
		}
		was, err := loan.Soil(t.sc.Key)
		if err != nil {
			return false, err
		}
		t.soiled, unmended = true, unmended || was
	}
	return unmended, nil
}

// errNoRestore is why a machine is not used again after a scenario that breaks
// it and cannot mend it.
var errNoRestore = errors.New("it has no restore.*, so nobody knows what it left: write one that brings the healthy state back")

// mend runs restore.* on machines that outlive the attempt. One that it does
// not mend is out of use for the rest of the run.
func (t *try) mend(ctx context.Context) {
	switch {
	case t.kept():
	case t.soiled:
		failed := t.restored(context.WithoutCancel(ctx))
		for _, h := range t.hosts {
			t.settle(h, failed[h.name])
		}
	case t.broken && t.sc.Scripts.Restore.None():
		for _, h := range t.hosts {
			t.settle(h, errNoRestore)
		}
	}
}

// restored runs restore.* and says, for each host, what kept it from being
// restored.
func (t *try) restored(ctx context.Context) map[string]error {
	ctx, cancel := context.WithTimeout(ctx, t.limit.Prepare)
	defer cancel()
	k := task{name: "restore", step: t.sc.Scripts.Restore, limit: t.limit.Prepare}
	results, err := t.run(ctx, k)
	if err != nil {
		t.logf("restore: %v", err)
	}
	failed := map[string]error{}
	for _, h := range t.hosts {
		failed[h.name] = unrestored(h.name, k, results, err)
	}
	return failed
}

// unrestored says what kept a host from being restored; nil: nothing did.
func unrestored(host string, k task, results []scriptResult, err error) error {
	if k.step.Playbook == "" && k.step.For(host) == "" {
		return nil // the scenario changes nothing here, by its own word
	}
	for _, r := range results {
		switch {
		case k.step.Playbook == "" && r.host != host:
		case r.file == "":
		case r.exit == 0:
			return nil
		default:
			return fmt.Errorf("%s: exit status %d: %s", r.file, r.exit, lastLine(r.output))
		}
	}
	if err == nil {
		err = errors.New("it did not run")
	}
	return fmt.Errorf("restore: %w", err)
}

// mended tells a lent machine that restoring it came to no error.
func mended(h *host, err error) error {
	loan, ok := h.clone.Machine.(providers.Loan)
	if err != nil || !ok {
		return err
	}
	return loan.Mended()
}

// settle tells a lent machine what restoring it came to.
func (t *try) settle(h *host, err error) {
	loan, ok := h.clone.Machine.(providers.Loan)
	if err = mended(h, err); err == nil || !ok {
		return
	}
	t.Log.Error("host is out of use for the rest of this run", "host", h.name, "attempt", t.id, "reason", err)
	loan.Quarantine(fmt.Errorf("%s left it unmended: %w", t.id, err))
}
