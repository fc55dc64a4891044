package benchtest

import (
	"fmt"
	"slices"

	"github.com/benchtest-dev/benchtest/benchtest/engines"
	"github.com/benchtest-dev/benchtest/benchtest/gateways"
)

// chooseParts finds what the flags name: provider, engine and gateway. It
// makes nothing, so that a dry run finds every mistake.
func (s *suite) chooseParts() error {
	registry, err := newRegistry(s.config)
	if err != nil {
		return err
	}
	if s.set.provider == "" && len(tags()) == 0 {
		if err := misspelt(buildTags()); err != nil {
			return err
		}
	}
	if s.provider, err = chooseProvider(s.set.provider, tags(), s.config.Provider); err != nil {
		return err
	}
	if err := linked(registry, s.provider, tags()); err != nil {
		return err
	}
	if s.engine, err = chooseEngine(s.config, s.set); err != nil {
		return err
	}
	s.gateway, err = gateways.New(s.set.gateway)
	return err
}

// chooseEngine is the engine that the flags name, benchtest's or one of Config's.
func chooseEngine(c Config, set *settings) (engines.Engine, error) {
	r := &engines.Registry{}
	for _, e := range c.Engines {
		switch name := e.Name(); {
		case slices.Contains(engines.Own(), name):
			return nil, fmt.Errorf("Config.Engines: %q is benchtest's own name: choose another", name)
		case slices.Contains(r.Names(), name):
			return nil, fmt.Errorf("Config.Engines: two are called %q: rename one", name)
		default:
			r.Register(e)
		}
	}
	e, err := engines.Choose(r, set.engine, engines.Settings{
		Command: set.engineCmd, Env: set.engineEnv, Main: set.mainEngine, Secondary: set.secondaryEngine,
	})
	if err != nil {
		return nil, fmt.Errorf("-benchtest.engine: %w", err)
	}
	return e, nil
}
