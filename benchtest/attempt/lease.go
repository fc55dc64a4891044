package attempt

import (
	"context"
	"fmt"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
	"github.com/benchtest-dev/benchtest/fixtures"
	"github.com/benchtest-dev/benchtest/providers"
)

// wants is one machine a host, in the scenario's order.
func (t *try) wants() ([]fixtures.Want, error) {
	wants := make([]fixtures.Want, 0, len(t.sc.Hosts))
	_, lends := t.Provider.(providers.Lender)
	for _, h := range t.sc.Hosts {
		var tmpl providers.Template // a host that is lent may have none
		if h.Template != "" || !lends {
			var err error
			if tmpl, err = t.Templates.Get(h.Template); err != nil {
				return nil, fmt.Errorf("host %s: %w", h.HostName, err)
			}
		}
		wants = append(wants, fixtures.Want{
			Template: tmpl, HostName: h.HostName, HostID: h.HostID, Network: providers.Network(t.sc.Network),
			Attempt: t.id, Reservation: t.reservation, Lent: lends,
		})
	}
	return wants, nil
}

// lease gets a ready machine for every host, from the pool or made now, and
// connects them to each other.
func (t *try) lease(attemptCtx context.Context) error {
	wants, err := t.wants()
	if err != nil {
		return err
	}
	t.hosts = make([]*host, len(wants))
	for i, w := range wants {
		t.hosts[i] = &host{name: w.HostName, want: w, at: map[facts.Checkpoint]facts.Snapshot{}}
	}
	ctx, cancel := context.WithTimeout(attemptCtx, t.limit.Ready)
	defer cancel()
	if err := t.book.open(); err != nil {
		return fmt.Errorf("open the record: %w", err)
	}
	t.dir = t.book.dir
	t.desk = t.layDesk(attemptCtx) // while the machines come
	err = t.each(func(h *host) (err error) {
		if h.clone, err = t.Pool.Get(ctx, h.want); err != nil {
			return err
		}
		h.root = t.sandbox(h.clone)
		return nil
	})
	if err != nil {
		return err
	}
	return t.connect(ctx)
}

// connect lets several hosts reach each other by host_name.
func (t *try) connect(ctx context.Context) error {
	if len(t.hosts) < 2 {
		return nil
	}
	n, ok := t.Provider.(providers.Networker)
	if !ok {
		return fmt.Errorf("provider %s cannot connect the %d hosts of this scenario", t.ProviderName, len(t.hosts))
	}
	lease, err := t.Journal.Create(fixtures.Lease{
		ID: fixtures.NewID(t.Record.ID, "net"), Kind: fixtures.LeaseNetwork, Provider: t.ProviderName, Run: t.Record.ID, Attempt: t.id,
	})
	if err != nil {
		return err
	}
	t.network = lease.ID
	machines := map[string]providers.Machine{}
	for _, h := range t.hosts {
		machines[h.name] = h.clone.Machine
	}
	return n.Connect(ctx, t.network, machines)
}

// disconnect removes the network and then its lease.
func (t *try) disconnect(ctx context.Context) error {
	if t.network == "" {
		return nil
	}
	n, ok := t.Provider.(providers.Networker)
	if !ok {
		return nil
	}
	if err := n.Disconnect(ctx, t.network); err != nil {
		return err
	}
	return t.Journal.Remove(t.network)
}

// readyFresh is how long a machine counts as ready after it was found so.
const readyFresh = time.Second

// ready ends the hand-over: every machine answers a command and has no job
// queued. The pool made sure of that; a machine that stood by may have changed
// since.
func (t *try) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, t.limit.Ready)
	defer cancel()
	return t.each(func(h *host) error {
		if time.Since(h.clone.ReadyAt) < readyFresh {
			return nil
		}
		return h.root.WaitReady(ctx)
	})
}

// ReadyFunc is what a pool calls before it hands a clone over: PID 1 reports
// running or degraded with no job queued, and the template's ready: rules hold.
// The connection that told us so stays with the clone.
func (r *Runner) ReadyFunc() func(context.Context, *fixtures.Clone) error {
	return func(ctx context.Context, c *fixtures.Clone) error {
		c.Root = r.sandbox(c)
		if err := c.Root.WaitReady(ctx); err != nil {
			return err
		}
		return holdReadyRules(ctx, c.Root, c.Template)
	}
}

// sandbox is root's on a clone: the one that came with it, or a new one.
func (r *Runner) sandbox(c *fixtures.Clone) *providers.Sandbox {
	if c.Root != nil {
		return c.Root
	}
	return providers.NewSandbox(c.Machine, c.HostName, c.Access("root"), providers.SandboxOptions{Probe: r.Probe, Pace: providers.PaceOf(r.Provider), Log: r.Log})
}

// readyEvery is the pause between two looks at a template's ready: rules.
const readyEvery = 100 * time.Millisecond

// holdReadyRules waits until the template's ready: rules hold.
func holdReadyRules(ctx context.Context, sb *providers.Sandbox, tmpl providers.Template) error {
	list, err := readyRules(tmpl)
	if err != nil || len(list) == 0 {
		return err
	}
	var req facts.Request
	for i := range list {
		req.Queries = append(req.Queries, list[i].Query)
	}
	for {
		answer, err := sb.Facts(ctx, req)
		if err != nil {
			return fmt.Errorf("ask ready rules: %w", err)
		}
		open := notReady(list, facts.NewSnapshot(sb.Host(), facts.Healthy, 0, answer))
		if open == "" {
			return nil
		}
		if !sleep(ctx, readyEvery) {
			return fmt.Errorf("template %s: ready rule %s: %w", tmpl.Name, open, context.Cause(ctx))
		}
	}
}
