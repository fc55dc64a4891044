package benchtest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/attempt"
	"github.com/benchtest-dev/benchtest/benchtest/engines"
	"github.com/benchtest-dev/benchtest/benchtest/facts/probebin"
	"github.com/benchtest-dev/benchtest/benchtest/gateways"
	"github.com/benchtest-dev/benchtest/fixtures"
	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/reports"
)

// loadCatalog reads the template definitions: the user's before the embedded ones.
func loadCatalog(c Config, dir string) (*fixtures.Catalog, error) {
	var layers []fs.FS
	switch own := filepath.Join(dir, "templates"); {
	case c.Templates != nil:
		layers = append(layers, c.Templates)
	default:
		if info, err := os.Stat(own); err == nil && info.IsDir() {
			layers = append(layers, os.DirFS(own))
		}
	}
	return fixtures.LoadTemplates(append(layers, fixtures.Embedded())...)
}

// setUp makes what attempts stand on, in the order in which they need it. What
// it has made by the time it fails is undone by tearDown.
func (s *suite) setUp() error {
	engine, err := s.engine()
	if err != nil {
		return err
	}
	gateway, err := gateways.New(s.set.gateway)
	if err != nil {
		return err
	}
	binary, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find our own binary: %w", err)
	}
	s.runner = &attempt.Runner{
		ProviderName: s.provider, Templates: s.catalog, Engine: engine, Gateway: gateway,
		Binary: binary, Rules: s.config.Rules, EngineLimit: s.set.timeout, Deadline: s.deadline,
		RequireObserved: s.set.evidence == "observed", Specialty: s.set.specialty,
		Keep: attempt.Keep(s.set.keep), Seed: s.seed(),
	}
	for _, step := range []func(context.Context) error{
		s.openRecord, s.openProvider, s.openProbe, s.openFixtures, s.buildTemplates, s.warmUp,
	} {
		if err := step(s.ctx); err != nil {
			return err
		}
	}
	return nil
}

// engine is the chosen engine, benchtest's or one of Config's.
func (s *suite) engine() (engines.Engine, error) {
	r := &engines.Registry{}
	for _, e := range s.config.Engines {
		r.Register(e)
	}
	e, err := engines.Choose(r, s.set.engine, engines.Settings{
		Command: s.set.engineCmd, Env: s.set.engineEnv, Main: s.set.mainEngine, Secondary: s.set.secondaryEngine,
	})
	if err != nil {
		return nil, fmt.Errorf("-benchtest.engine: %w", err)
	}
	return e, nil
}

func (s *suite) seed() int64 {
	if s.set.seed == 0 {
		s.set.seed = time.Now().UnixNano()
	}
	return s.set.seed
}

// openRecord makes the run's directory and its log.
func (s *suite) openRecord(context.Context) error {
	run, err := reports.NewRun(filepath.Join(s.home, "runs"), reports.NewRunID(s.started))
	if err != nil {
		return err
	}
	s.runner.Record = run
	log, err := os.OpenFile(filepath.Join(run.Dir, "benchtest.log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return errors.Join(fmt.Errorf("open log: %w", err), run.Close())
	}
	s.runner.Log = slog.New(slog.NewTextHandler(log, nil))
	s.undo = append(s.undo, func(context.Context) error { return log.Close() })
	return run.Log.Append(reports.Event{Kind: reports.RunStarted, RunID: run.ID, Run: s.info()})
}

// info describes the run for its log and its reports.
func (s *suite) info() *reports.RunInfo {
	info := &reports.RunInfo{
		RunID: s.runner.Record.ID, Started: s.started, Argv: os.Args, Seed: s.set.seed, Provider: s.provider,
		Engine: s.set.engine, Gateway: s.set.gateway, Version: version(),
	}
	if s.set.fail != "any" {
		info.Gate = s.set.fail
	}
	return info
}

// version is benchtest's own, as the module that was built says.
func version() string {
	const path = "github.com/benchtest-dev/benchtest"
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if info.Main.Path == path {
		return info.Main.Version
	}
	for _, d := range info.Deps {
		if d.Path == path {
			return d.Version
		}
	}
	return "unknown"
}

// openProvider makes the provider and asks what it lacks.
func (s *suite) openProvider(ctx context.Context) error {
	registry, err := newRegistry(s.config)
	if err != nil {
		return err
	}
	p, err := registry.New(s.provider, providers.Options{Home: s.home, Run: s.runner.Record.ID})
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
func (s *suite) openProbe(ctx context.Context) error {
	f, err := probebin.Open(ctx, s.home)
	if err != nil {
		return err
	}
	s.runner.Probe = f
	s.undo = append(s.undo, func(context.Context) error { return f.Close() })
	return nil
}
