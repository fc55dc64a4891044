package benchtest

import (
	"context"
	"fmt"

	"github.com/benchtest-dev/benchtest/benchtest/facts/probebin"
	"github.com/benchtest-dev/benchtest/providers"
)

// openProvider makes the provider and asks what it lacks.
func (s *suite) openProvider(ctx context.Context, run string) error {
	registry, err := newRegistry(s.config)
	if err != nil {
		return err
	}
	p, err := registry.New(s.provider, providers.Options{Home: s.home, Run: run})
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
	return nil
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
