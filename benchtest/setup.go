package benchtest

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/attempt"
	"github.com/benchtest-dev/benchtest/fixtures"
	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/reports"
)

// setUp makes what attempts stand on, in the order in which they need it. What
// it has made by the time it fails is undone by tearDown.
func (s *suite) setUp() error {
	binary, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find our own binary: %w", err)
	}
	s.runner = &attempt.Runner{
		ProviderName: s.provider, Templates: s.catalog, Engine: s.engine, Gateway: s.gateway,
		Binary: binary, Rules: s.config.Rules, EngineLimit: s.set.timeout, Deadline: s.deadline,
		RequireObserved: s.set.evidence == "observed", Specialty: s.set.specialty,
		Keep: attempt.Keep(s.set.keep), Seed: s.seed(),
	}
	id := reports.NewRunID(s.started)
	if s.resumed != nil {
		id = s.resumed.run.ID
	}
	for _, step := range []func(ctx context.Context, run string) error{
		s.openProvider, s.readCapacity, s.openProbe, s.openRecord, s.openFixtures, s.openScratch, s.buildTemplates, s.openProgress,
	} {
		if err := step(s.ctx, id); err != nil {
			return s.explain(err)
		}
	}
	return nil
}

// readCapacity is the provider's, where its machines run elsewhere, or this
// host's.
func (s *suite) readCapacity(ctx context.Context, _ string) (err error) {
	if r, ok := s.runner.Provider.(providers.CapacityReporter); ok {
		hosts, err := r.Capacity(ctx)
		if err != nil {
			return fmt.Errorf("provider %s: %w", s.provider, err)
		}
		if len(hosts) > 0 {
			s.capacity, err = fixtures.CapacityOf(hosts, s.set.concurrencyFactor)
			return err
		}
	}
	s.capacity, err = fixtures.HostCapacity(s.set.concurrencyFactor)
	return err
}

// seed is the run's; one that nobody gave is made up, once.
func (s *suite) seed() int64 {
	if s.set.seed == 0 {
		s.set.seed = time.Now().UnixNano()
	}
	return s.set.seed
}

// explain adds why the run ended, where that is what broke a step.
func (s *suite) explain(err error) error {
	if s.ctx.Err() == nil {
		return err
	}
	return fmt.Errorf("%w: %w", context.Cause(s.ctx), err)
}
