package attempt

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/benchtest-dev/benchtest/fixtures"
)

// admitted waits until the attempt's machines fit the budget, all or nothing.
// An attempt that is not expected to end before the suite's deadline is not
// begun.
func (t *try) admitted(ctx context.Context) error {
	wants, err := t.wants()
	if err != nil {
		return err
	}
	var demand fixtures.Demand
	for _, w := range wants {
		demand = demand.Plus(w.Demand())
	}
	expected := t.Expected(t.sc)
	if !t.Deadline.IsZero() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadlineCause(ctx, t.Deadline.Add(-expected), errNoTime)
		defer cancel()
	}
	if err := t.borrow(ctx, wants); err != nil {
		return t.neverAdmitted(ctx, expected, err)
	}
	t.reservation, err = t.Admission.Admit(ctx, fixtures.Request{ID: t.id, Key: t.sc.Key, Demand: demand, Expected: expected, Wants: wants})
	return t.neverAdmitted(ctx, expected, err)
}

// neverAdmitted says why, where that was for want of time.
func (t *try) neverAdmitted(ctx context.Context, expected time.Duration, err error) error {
	if err != nil && errors.Is(context.Cause(ctx), errNoTime) {
		return fmt.Errorf("never admitted: it is expected to take %s and the suite ends before: run with -timeout 0", expected.Round(time.Second))
	}
	return err
}

// errNoTime: the suite would be over before the attempt is.
var errNoTime = errors.New("no time left")
