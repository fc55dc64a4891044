package benchtest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"

	"github.com/benchtest-dev/benchtest/reports"
	"github.com/benchtest-dev/benchtest/reports/store"
)

// openRecord makes the run's directory and its log, or goes on with those that
// are there.
func (s *suite) openRecord(_ context.Context, id string) (err error) {
	kind := reports.RunStarted
	if s.resumed != nil {
		kind, s.runner.Record = reports.RunResumed, s.resumed.run
	} else if s.runner.Record, err = reports.NewRun(filepath.Join(s.home, "runs"), id); err != nil {
		return err
	}
	run := s.runner.Record
	s.chooseSecrets()
	run.Hide(s.secrets)
	log, err := os.OpenFile(filepath.Join(run.Dir, "benchtest.log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return errors.Join(fmt.Errorf("open log: %w", err), run.Close())
	}
	hidden := s.secrets.Writer(log)
	s.runner.Log = slog.New(slog.NewTextHandler(hidden, nil))
	s.undo = append(s.undo, func(context.Context) error { return errors.Join(hidden.Flush(), log.Close()) })
	if err := errors.Join(s.openStore(), s.openSpans()); err != nil {
		return err
	}
	return run.Log.Append(reports.Event{Kind: kind, RunID: run.ID, Run: s.info()})
}

// info describes the run for its log and its reports.
func (s *suite) info() *reports.RunInfo {
	info := &reports.RunInfo{
		RunID: s.runner.Record.ID, Started: s.started, Argv: store.Argv(os.Args, flagPrefix+"db"), Seed: s.set.seed, Provider: s.provider,
		Engine: s.set.engine, Gateway: s.set.gateway, Version: version(), Versions: map[string]string{"go": runtime.Version()},
		Capacity: reports.Capacity{VCPU: s.capacity.VCPU, MemoryMiB: s.capacity.MemoryMiB},
	}
	if s.resumed != nil {
		info.Started = s.resumed.rec.Info.Started
	}
	info.Capacity.Hostname, _ = os.Hostname() // who has none leaves it empty
	if !s.set.gate.Any() {
		info.Gate = s.set.gate.String()
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

// buildTags are the -tags that this binary was built with, as the go command
// takes them.
func buildTags() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, s := range info.Settings {
		if s.Key == "-tags" {
			return s.Value
		}
	}
	return ""
}
