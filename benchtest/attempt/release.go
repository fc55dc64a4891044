package attempt

import (
	"context"
	"errors"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/fixtures"
	"github.com/benchtest-dev/benchtest/fixtures/sandboxes"
)

// release gives everything back, synchronously, whatever ended the attempt:
// its limit is its own, since the attempt's context may be over.
func (t *try) release(ctx context.Context) error {
	t.mend(ctx)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), t.limit.Release)
	defer cancel()
	var errs []error
	if t.desk != nil {
		errs = append(errs, t.desk.clear())
	}
	if t.access != nil {
		errs = append(errs, t.access.close())
	}
	errs = append(errs, t.each(func(h *host) error { return t.releaseHost(ctx, h) }))
	switch {
	case t.network == "":
	case t.kept():
		_, err := t.Journal.Update(t.network, func(l *fixtures.Lease) { l.Kept, l.Expires = true, time.Now().Add(fixtures.KeptFor).UTC() })
		errs = append(errs, err)
	default:
		errs = append(errs, t.disconnect(ctx))
	}
	if t.giveBack != nil {
		t.giveBack()
	}
	if t.reservation != nil {
		t.reservation.Release()
	}
	return errors.Join(errs...)
}

func (t *try) releaseHost(ctx context.Context, h *host) error {
	if h.root != nil {
		_ = h.root.Close() // the machine goes, and its connections with it
	}
	if h.clone == nil {
		return nil
	}
	if t.kept() {
		// Without its keys it can still be seen, and purged.
		return errors.Join(h.clone.Keep(), t.writeKeys(h))
	}
	return h.clone.Release(ctx)
}

// writeKeys keeps what sandbox ssh needs to enter a machine that is kept.
func (t *try) writeKeys(h *host) error {
	store, err := sandboxes.OpenStore(t.Journal)
	if err != nil {
		return err
	}
	defer store.Close()
	return store.Add(sandboxes.Record{
		Name: h.clone.Lease, ID: h.clone.Lease, Kind: sandboxes.Kept, Provider: t.ProviderName, Template: h.want.Template.Name,
		HostName: h.name, HostID: h.want.HostID, Scenario: t.sc.Key, Run: t.Record.ID, Attempt: t.id, Outcome: string(t.rec.Outcome),
		Network: h.want.Network, Wire: t.network, Created: time.Now().UTC(), Expires: time.Now().Add(fixtures.KeptFor).UTC(),
	}, h.clone.Keys)
}

// kept reports whether the machines stay for a person to look at.
func (t *try) kept() bool {
	switch t.Keep {
	case KeepAlways:
		return true
	case KeepFailed:
		return t.rec.Outcome != rules.Passed
	}
	return false
}
