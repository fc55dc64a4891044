package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/benchtest-dev/benchtest/fixtures"
	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/incus"
	"github.com/benchtest-dev/benchtest/reports"
)

// What is measured on Incus, and how often.
const (
	incusRounds    = 15 // clones of each sort
	incusHandovers = 30
	incusCold      = 10 // cold cycles beside them
	incusBatches   = 4  // of each sort
	incusParallel  = 4
	incusBatch     = 12 // cycles in a batch
)

// openIncusLab is a lab on provider incus. The caller closes it.
func openIncusLab(ctx context.Context) (*lab, error) {
	home, err := fixtures.Home(os.LookupEnv)
	if err != nil {
		return nil, err
	}
	l := &lab{home: home, name: "incus", run: reports.NewRunID(time.Now()), host: "web1"}
	if l.provider, err = incus.New(providers.Options{Home: home, Run: l.run}); err != nil {
		return nil, err
	}
	return l.equip(ctx)
}

// measureIncusClone compares a clone that runs with the same copy and start by
// requests alone.
func measureIncusClone(ctx context.Context) (r []reading, err error) {
	l, raw, err := openIncus(ctx)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, raw.close(ctx), l.close()) }()
	ours := func(ctx context.Context) (took time.Duration, err error) {
		begin := time.Now()
		c, err := l.clone(ctx, raw.template)
		if err != nil {
			return 0, err
		}
		defer func() { err = errors.Join(err, c.destroy(ctx)) }()
		return time.Since(begin), nil
	}
	for _, warmUp := range []timed{ours, raw.start} {
		if _, err := warmUp(ctx); err != nil {
			return r, err
		}
	}
	a, b, err := pairs(ctx, incusRounds, ours, raw.start)
	if err != nil {
		return r, err
	}
	return compared(a, b, "clone to running", "copy and start by bare requests"), nil
}

// openIncus is a lab with its template, and what goes without the lab.
func openIncus(ctx context.Context) (*lab, rawIncus, error) {
	l, err := openIncusLab(ctx)
	if err != nil {
		return nil, rawIncus{}, err
	}
	t, err := l.template(ctx, "debian-base")
	if err != nil {
		return nil, rawIncus{}, errors.Join(err, l.close())
	}
	raw := rawIncus{provider: l.provider.(*incus.Provider), template: t, journal: l.journal, names: make(chan string, incusParallel)}
	if err := raw.equip(ctx, l); err != nil {
		return nil, rawIncus{}, errors.Join(err, raw.close(ctx), l.close())
	}
	return l, raw, nil
}

// equip finds where the template is, says whose the machines are and leases them.
func (r *rawIncus) equip(ctx context.Context, l *lab) error {
	c, err := r.provider.Client(ctx)
	if err != nil {
		return err
	}
	inst, _, err := c.GetInstance(r.template.BuildName())
	if err != nil {
		return err
	}
	r.pool = inst.Devices["root"]["pool"]
	if err := r.identify(inst.Config); err != nil {
		return err
	}
	host, err := os.Hostname()
	if err != nil {
		return err
	}
	r.home = host + ":" + l.home
	return r.lease(l.run)
}

// measureIncusHandover compares a machine that is handed over from a warm pool
// with one that is made for the occasion, used once and destroyed.
func measureIncusHandover(ctx context.Context) (r []reading, err error) {
	l, raw, err := openIncus(ctx)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, raw.close(ctx), l.close()) }()
	var cold sample
	for range incusCold {
		begin := time.Now()
		if err := l.cycle(ctx, raw.template); err != nil {
			return r, err
		}
		cold = append(cold, time.Since(begin))
	}
	c, err := l.openCounter(ctx)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, c.pool.Close(context.WithoutCancel(ctx)), os.RemoveAll(c.locks)) }()
	var handed sample
	for range incusHandovers {
		first, _, err := c.serve(ctx)
		if err != nil {
			return r, err
		}
		handed = append(handed, first)
	}
	return []reading{{
		value: handed.median().Seconds() / cold.median().Seconds(), n: len(handed),
		spread: fmt.Sprintf("%s..%s", show(handed.quantile(0)), show(handed.quantile(1))),
		detail: fmt.Sprintf("admitted to first answer %s, cold cycle %s", handed, cold),
	}}, nil
}

// cycle is one machine from nothing to its first answer and to nothing.
func (l *lab) cycle(ctx context.Context, t providers.Template) error {
	_, err := l.coldClone(ctx, t)
	return err
}

// measureIncusThroughput compares four machines' cycles at once with as many
// loops of bare requests. Both wait until the guest's SSH server answers; ours
// then logs in, and theirs does not.
func measureIncusThroughput(ctx context.Context) (r []reading, err error) {
	l, raw, err := openIncus(ctx)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, raw.close(ctx), l.close()) }()
	ours := batch(func(ctx context.Context) error { return l.cycle(ctx, raw.template) })
	a, b, err := pairs(ctx, incusBatches, ours, batch(raw.cycle))
	if err != nil {
		return r, err
	}
	value, spread := ratio(b, a)
	return []reading{{
		value: value, n: len(a), spread: spread,
		detail: fmt.Sprintf("%d cycles, %d at once: %s, by bare requests %s", incusBatch, incusParallel, a, b),
	}}, nil
}

// batch is how long a number of cycles take, some at once.
func batch(cycle func(context.Context) error) timed {
	return func(ctx context.Context) (time.Duration, error) {
		begin := time.Now()
		g, ctx := errgroup.WithContext(ctx)
		g.SetLimit(incusParallel)
		for range incusBatch {
			g.Go(func() error { return cycle(ctx) })
		}
		err := g.Wait()
		return time.Since(begin), err
	}
}
