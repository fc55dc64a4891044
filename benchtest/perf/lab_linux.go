package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/facts/probebin"
	"github.com/benchtest-dev/benchtest/fixtures"
	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/local"
	"github.com/benchtest-dev/benchtest/reports"
)

// A lab is what measurements on real machines stand on: provider local, its
// templates and the journal, in the BENCHTEST_HOME of whoever calls.
type lab struct {
	home     string
	name     string // the provider's
	run      string
	provider providers.Provider
	catalog  *fixtures.Catalog
	cache    *fixtures.TemplateCache
	journal  *fixtures.Journal
	probe    *os.File
	host     string // of every machine
}

// openLab checks that machines can be made here at all. The caller closes it.
func openLab(ctx context.Context) (*lab, error) {
	if os.Geteuid() != 0 {
		return nil, skip{"provider local is measured against runc itself: run as root"}
	}
	home, err := fixtures.Home(os.LookupEnv)
	if err != nil {
		return nil, err
	}
	l := &lab{home: home, name: "local", run: reports.NewRunID(time.Now()), host: "web1"}
	if l.provider, err = local.New(providers.Options{Home: home, Run: l.run}); err != nil {
		return nil, err
	}
	return l.equip(ctx)
}

// equip takes what goes with the lab's provider, which must work here.
func (l *lab) equip(ctx context.Context) (_ *lab, err error) {
	if err := l.provider.Check(ctx); err != nil {
		return nil, skip{err.Error()}
	}
	if l.catalog, err = fixtures.LoadTemplates(fixtures.Embedded()); err != nil {
		return nil, err
	}
	l.cache = fixtures.NewTemplateCache(l.provider, fixtures.Progress{W: os.Stderr})
	if l.journal, err = fixtures.OpenJournal(l.home); err != nil {
		return nil, err
	}
	l.probe, err = probebin.Open(ctx, l.home)
	return l, err
}

func (l *lab) close() error { return l.probe.Close() }

// template is a shipped template, built.
func (l *lab) template(ctx context.Context, name string) (providers.Template, error) {
	t, err := l.catalog.Get(name)
	if err != nil {
		return t, err
	}
	return t, l.cache.EnsureBuilt(ctx, t)
}

// A clone is one machine of the lab's with its keys and lease.
type clone struct {
	lab     *lab
	machine providers.Machine
	keys    providers.KeyRing
	lease   string
}

// clone makes a machine as the pool would without any ahead: journalled, then
// made, not waited for.
func (l *lab) clone(ctx context.Context, t providers.Template) (*clone, error) {
	lease, err := l.journal.Create(fixtures.Lease{
		ID: fixtures.NewID(l.run, "perf"), Kind: fixtures.LeaseClone, Provider: l.name, Run: l.run,
		Template: t.BuildName(), Host: l.host,
	})
	if err != nil {
		return nil, err
	}
	c := &clone{lab: l, lease: lease.ID}
	if c.keys, err = providers.NewKeyRing(); err != nil {
		return nil, errors.Join(err, l.journal.Remove(c.lease))
	}
	c.machine, err = l.provider.Clone(ctx, providers.CloneSpec{
		ID: c.lease, Template: t, HostName: l.host, Run: l.run, Network: providers.NetworkNone, Keys: c.keys.Keys,
	})
	if err != nil {
		return nil, errors.Join(err, l.journal.Remove(c.lease))
	}
	return c, nil
}

// open is the first connection to the clone.
func (c *clone) open(ctx context.Context) (*providers.Sandbox, error) {
	return providers.Open(ctx, c.machine, c.lab.host, c.keys.Access("root"), providers.SandboxOptions{Probe: c.lab.probe})
}

// destroyLimit bounds the end of one machine.
const destroyLimit = time.Minute

// destroy removes the machine and its lease, also when ctx has ended.
func (c *clone) destroy(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), destroyLimit)
	defer cancel()
	if err := c.machine.Destroy(ctx); err != nil {
		return err
	}
	return c.lab.journal.Remove(c.lease)
}

// command runs argv and wants it to succeed.
func command(ctx context.Context, r providers.Runner, argv ...string) error {
	res, err := r.Exec(ctx, providers.Command{Argv: argv, Limit: 30 * time.Second})
	if err != nil {
		return err
	}
	if res.ExitStatus != 0 {
		return fmt.Errorf("%q: exit status %d: %s", argv, res.ExitStatus, res.Stderr)
	}
	return nil
}
