package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/attempt"
	"github.com/benchtest-dev/benchtest/fixtures"
	"github.com/benchtest-dev/benchtest/providers"
)

// handoverRounds is how many machines are handed over; the 99th percentile is
// then the second worst.
const handoverRounds = 100

// A counter hands out machines one after the other, as attempts get them: from
// a pool that makes them ahead, after admission.
type counter struct {
	lab       *lab
	admission *fixtures.Admission
	pool      *fixtures.Pool
	ready     chan struct{} // gets one for each clone that is ready
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
	defer func() { err = errors.Join(err, c.pool.Close(context.WithoutCancel(ctx))) }()
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
		detail: fmt.Sprintf("admitted to first answer %s, the same command again %s p99 %s", handed, warm, show(warm.quantile(quantile))),
	}
}

func (l *lab) openCounter(ctx context.Context) (*counter, error) {
	t, err := l.template(ctx, "debian-base")
	if err != nil {
		return nil, err
	}
	c := &counter{lab: l, ready: make(chan struct{}, handoverRounds), want: fixtures.Want{Template: t, HostName: l.host, Network: providers.NetworkNone}}
	c.admission, err = fixtures.NewAdmission(fixtures.AdmissionConfig{
		Journal: l.journal, Run: l.run, Capacity: fixtures.Capacity{MemoryMiB: 8 << 10, VCPU: runtime.NumCPU()},
	})
	if err != nil {
		return nil, err
	}
	runner := attempt.Runner{Probe: l.probe}
	isReady := runner.ReadyFunc()
	c.pool = fixtures.NewPool(ctx, fixtures.PoolConfig{
		Provider: l.provider, ProviderName: "local", Journal: l.journal, Admission: c.admission, Run: l.run,
		Ready: func(ctx context.Context, clone *fixtures.Clone) error {
			err := isReady(ctx, clone)
			if err == nil {
				c.ready <- struct{}{}
			}
			return err
		},
	})
	c.pool.Expect(c.want, handoverRounds)
	return c, nil
}

// readyLimit is how long a clone may be in the making.
const readyLimit = time.Minute

// serve hands over one machine: from admission to the answer of the first
// command, and what the same command costs when it is not the first.
func (c *counter) serve(ctx context.Context) (first, again time.Duration, err error) {
	select {
	case <-c.ready:
	case <-time.After(readyLimit):
		return 0, 0, errors.New("no clone is made ahead")
	case <-ctx.Done():
		return 0, 0, context.Cause(ctx)
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
