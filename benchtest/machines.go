package benchtest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/benchtest-dev/benchtest/benchtest/facts/probebin"
	"github.com/benchtest-dev/benchtest/fixtures"
	"github.com/benchtest-dev/benchtest/providers"
)

// openProvider makes the provider and asks what it lacks.
func (s *suite) openProvider(ctx context.Context, run string) error {
	registry, err := newRegistry(s.config)
	if err != nil {
		return err
	}
	p, err := registry.New(s.provider, s.options(run))
	if err != nil {
		return err
	}
	if closer, ok := p.(interface{ Close() error }); ok {
		s.undo = append(s.undo, func(context.Context) error { return closer.Close() })
	}
	if err := p.Check(ctx); err != nil {
		return fmt.Errorf("provider %s: %w", s.provider, err)
	}
	s.runner.Provider = p
	s.warnOfLeftovers(p)
	return nil
}

// warnOfLeftovers names the scenarios that break machines which outlive them,
// and do not mend them.
func (s *suite) warnOfLeftovers(p providers.Provider) {
	if _, lends := p.(providers.Lender); !lends {
		return
	}
	for _, sc := range s.sel.chosen {
		if sc.Scripts.Restore.None() && !sc.Scripts.Prepare.None() {
			tell(os.Stderr, "benchtest: %s has prepare.* and no restore.*: the hosts of its attempt are out of use for the rest of this run", sc.Key)
		}
	}
}

// options are what the flags say to a provider.
func (s *suite) options(run string) providers.Options {
	o := providers.Options{Home: s.home, Run: run, Inventory: s.set.inventory, TrustFirst: s.set.sshTrustFirst, LockDir: fixtures.LockDir()}
	if o.Inventory != "" && !filepath.IsAbs(o.Inventory) {
		o.Inventory = filepath.Join(s.dir, o.Inventory)
	}
	return o
}

// openProbe builds the probe, or takes the one that is built.
func (s *suite) openProbe(ctx context.Context, _ string) error {
	f, err := probebin.Open(ctx, s.home)
	if err != nil {
		return err
	}
	s.runner.Probe = f
	s.undo = append(s.undo, func(context.Context) error { return f.Close() })
	return nil
}
