package attempt

import (
	"context"
	"fmt"
	"time"

	"github.com/benchtest-dev/benchtest/fixtures"
)

// admitted waits until the attempt's machines fit the budget, all or nothing.
// An attempt that is not expected to end before the suite's deadline is not
// begun.
func (t *try) admitted(ctx context.Context) error {
	demand, err := t.demand()
	if err != nil {
		return err
	}
	expected := t.Expected(t.sc)
	if !t.Deadline.IsZero() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadlineCause(ctx, t.Deadline.Add(-expected), errNoTime)
		defer cancel()
	}
	t.admit, err = t.Admission.Admit(ctx, fixtures.Request{ID: t.id, Key: t.sc.Key, Demand: demand, Expected: expected})
	if err != nil && context.Cause(ctx) == errNoTime {
		return fmt.Errorf("never admitted: it is expected to take %s and the suite ends before: run with -timeout 0", expected.Round(time.Second))
	}
	return err
}

var errNoTime = fmt.Errorf("no time left")

// demand is the sum of the hosts' templates.
func (t *try) demand() (fixtures.Demand, error) {
	var d fixtures.Demand
	for _, h := range t.sc.Hosts {
		tmpl, err := t.Templates.Get(h.Template)
		if err != nil {
			return d, fmt.Errorf("host %s: %w", h.HostName, err)
		}
		d.MemoryMiB += tmpl.MemoryMiB
		d.VCPU += tmpl.VCPU
	}
	return d, nil
}
