package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/attempt"
	"github.com/benchtest-dev/benchtest/fixtures"
	"github.com/benchtest-dev/benchtest/providers"
)

// handoverRounds is how many machines are handed over; the 99th percentile is
// then the second worst.
const handoverRounds = 100

// poolIdle is how many clones stand by: what the suite has by default.
const poolIdle = 2

// A counter hands out machines one after the other, as attempts get them: from
// a pool that makes them ahead, after admission.
type counter struct {
	lab       *lab
	admission *fixtures.Admission
	pool      *fixtures.Pool
	ready     chan struct{} // gets one for each clone that is ready
	idle      int           // clones that are ready and not handed over
	locks     string        // where the admission's processes meet: nobody but us
	want      fixtures.Want
}

// measureHandover is from admission to the answer of the first command, with
// a warm pool.
func measureHandover(ctx context.Context) (r []reading, err error) {
	l, err := openLab(ctx)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, l.close()) }()
	c, err := l.openCounter(ctx)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, c.pool.Close(context.WithoutCancel(ctx)), os.RemoveAll(c.locks)) }()
	var handed, warm sample
	for range handoverRounds {
		first, again, err := c.serve(ctx)
		if err != nil {
			return r, err
		}
		handed, warm = append(handed, first), append(warm, again)
	}
	return []reading{handedOver(handed, warm, 0.5), handedOver(handed, warm, 0.99)}, nil
}

// handedOver is the reading of one percentile.
func handedOver(handed, warm sample, quantile float64) reading {
	return reading{
		value: handed.quantile(quantile).Seconds() * 1e3, n: len(handed),
		spread: fmt.Sprintf("%s..%s", show(handed.quantile(0)), show(handed.quantile(1))),
		detail: fmt.Sprintf("admitted to first answer %s, the same command again %s, p%g %s", handed, warm, 100*quantile, show(warm.quantile(quantile))),
	}
}

func (l *lab) openCounter(ctx context.Context) (*counter, error) {
	t, err := l.template(ctx, "debian-base")
	if err != nil {
		return nil, err
	}
	c := &counter{lab: l, ready: make(chan struct{}, handoverRounds+poolIdle), want: fixtures.Want{Template: t, HostName: l.host, Network: providers.NetworkNone}}
	// A budget of its own: whether there is room beside other runs is not asked.
	if c.locks, err = os.MkdirTemp("", "benchtest-perf-"); err != nil {
		return nil, err
	}
	c.admission, err = fixtures.NewAdmission(fixtures.AdmissionConfig{
		Journal: l.journal, Run: l.run, Capacity: fixtures.Capacity{MemoryMiB: 8 << 10, VCPU: runtime.NumCPU()}, LockDir: c.locks,
	})
	if err != nil {
		return nil, err
	}
	runner := attempt.Runner{Probe: l.probe}
	isReady := runner.ReadyFunc()
	c.pool = fixtures.NewPool(ctx, fixtures.PoolConfig{
		Provider: l.provider, ProviderName: l.name, Journal: l.journal, Admission: c.admission, Run: l.run, MaxIdle: poolIdle,
		Ready: func(ctx context.Context, clone *fixtures.Clone) error {
			err := isReady(ctx, clone)
			if err == nil {
				c.ready <- struct{}{}
			}
			return err
		},
	})
	c.pool.Expect(c.want, handoverRounds+poolIdle) // it stays full to the end
	return c, nil
}

// readyLimit is how long a clone may be in the making.
const readyLimit = time.Minute

// warm waits until as many clones stand by as the pool is to have. What it
// makes in place of the one that is handed over is made meanwhile, as ever.
func (c *counter) warm(ctx context.Context) error {
	for c.idle < poolIdle {
		select {
		case <-c.ready:
			c.idle++
		case <-time.After(readyLimit):
			return errors.New("no clone is made ahead")
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	c.idle--
	return nil
}

// serve hands over one machine: from admission to the answer of the first
// command, and what the same command costs when it is not the first.
func (c *counter) serve(ctx context.Context) (first, again time.Duration, err error) {
	if err := c.warm(ctx); err != nil {
		return 0, 0, err
	}
	want := c.want
	want.Attempt = fixtures.NewID(c.lab.run, "handover")
	reservation, err := c.admission.Admit(ctx, fixtures.Request{ID: want.Attempt, Demand: want.Demand(), Wants: []fixtures.Want{want}})
	if err != nil {
		return 0, 0, err
	}
	defer reservation.Release()
	begin := time.Now()
	want.Reservation = reservation
	got, err := c.pool.Get(ctx, want)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, got.Release(ctx)) }()
	if !got.FromPool || got.Root == nil {
		return 0, 0, errors.New("the pool was not warm")
	}
	if err := command(ctx, got.Root, "true"); err != nil {
		return 0, 0, err
	}
	first = time.Since(begin)
	begin = time.Now()
	err = command(ctx, got.Root, "true")
	return first, time.Since(begin), err
}
