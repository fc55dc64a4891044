package attempt_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/attempt"
	"github.com/benchtest-dev/benchtest/benchtest/engines"
	"github.com/benchtest-dev/benchtest/benchtest/facts"
	"github.com/benchtest-dev/benchtest/benchtest/gateways"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/benchtest/scenario"
	"github.com/benchtest-dev/benchtest/fixtures"
	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/providertest"
	"github.com/benchtest-dev/benchtest/reports"
)

// A harness makes attempts on a fake provider: real SSH, real scripts, and
// machines that are directories. What a rule watches is whether a file exists.
type harness struct {
	*attempt.Runner
	t       *testing.T
	fake    *providertest.Fake
	options providertest.FakeOptions
	lends   *lender // nil: the fake makes machines

	mu    sync.Mutex
	asked int // times that facts were asked for
}

// newHarness makes one; change is called before the fake is made.
func newHarness(t *testing.T, change func(*harness)) *harness {
	t.Helper()
	h := &harness{t: t, Runner: &attempt.Runner{ProviderName: "fake", Log: slog.New(slog.DiscardHandler)}}
	home := t.TempDir()
	h.options = providertest.FakeOptions{Dir: t.TempDir(), Facts: h.facts}
	if change != nil {
		change(h)
	}
	h.fake = providertest.NewFake(h.options)
	h.Provider = h.fake
	if h.lends != nil {
		h.lends.Fake = h.fake
		h.Provider = h.lends
	}

	var err error
	h.Templates, err = fixtures.LoadTemplates(fstest.MapFS{"plain/template.yaml": {Data: []byte("suite: bookworm\npackages: [systemd]\n")}})
	require.NoError(t, err)
	h.Journal, err = fixtures.OpenJournal(home)
	require.NoError(t, err)
	h.History, err = fixtures.OpenHistory(home)
	require.NoError(t, err)
	h.Record, err = reports.NewRun(filepath.Join(home, "runs"), reports.NewRunID(time.Now()))
	require.NoError(t, err)
	h.Admission, err = fixtures.NewAdmission(fixtures.AdmissionConfig{
		Journal: h.Journal, Run: h.Record.ID, Capacity: fixtures.Capacity{MemoryMiB: 4096, VCPU: 4}, LowDiskMiB: -1, LockDir: t.TempDir(),
	})
	require.NoError(t, err)
	h.Pool = fixtures.NewPool(t.Context(), fixtures.PoolConfig{
		Provider: h.Provider, ProviderName: "fake", Journal: h.Journal, Admission: h.Admission, Run: h.Record.ID, Ready: h.ReadyFunc(), MaxIdle: -1, Build: h.fake.Build,
	})
	h.Gateway, err = gateways.New("runner")
	require.NoError(t, err)
	h.Scratch, err = os.MkdirTemp("", "bt-") //nolint:usetesting // a short path, for sockets
	require.NoError(t, err)
	h.Binary, err = os.Executable()
	require.NoError(t, err)
	if h.Engine == nil {
		h.Engine = engines.Solver{}
	}
	if h.Keep == "" {
		h.Keep = attempt.KeepNever
	}
	h.Probe, err = os.Open(os.DevNull)
	require.NoError(t, err)
	t.Cleanup(h.close)
	return h
}

// close checks that nothing is left.
func (h *harness) close() {
	require.NoError(h.t, h.Pool.Close(context.WithoutCancel(h.t.Context())))
	require.NoError(h.t, h.Close())
	require.NoError(h.t, os.Remove(h.Scratch), "engines' directories left")
	require.NoError(h.t, h.Record.Close())
	require.NoError(h.t, h.Probe.Close())
	if h.Keep != attempt.KeepNever {
		return
	}
	require.Empty(h.t, h.fake.Live(), "machines left")
	leases, err := h.Journal.List()
	require.NoError(h.t, err)
	require.Empty(h.t, leases, "leases left")
}

// facts answers for the probe: files are looked up in the machine's directory.
func (h *harness) facts(m *providertest.FakeMachine, req facts.Request) (facts.Answer, error) {
	h.mu.Lock()
	h.asked++
	h.mu.Unlock()
	a := facts.Answer{At: time.Now()}
	if _, err := os.Stat(filepath.Join(m.Dir(), "blind")); err == nil {
		return a, errors.New("the probe sees nothing")
	}
	for _, q := range req.Queries {
		b, err := os.ReadFile(filepath.Join(m.Dir(), q.Subject))
		a.Facts = append(a.Facts, facts.Fact{Query: q, Grade: facts.GradeHost, Attrs: map[string]any{"exists": err == nil, "sha256": fmt.Sprintf("%x", sha256.Sum256(b))}})
	}
	return a, nil
}

// load makes a scenario of files, which are added to a plain one.
func load(t *testing.T, files map[string]string) *scenario.Scenario {
	t.Helper()
	root := fstest.MapFS{}
	all := map[string]string{
		"scenario.yaml": `
title: A file is missing
ticket_title: A file is missing
ticket_body: Bring it back.
hosts: [{host_name: h1, template: plain}]
timeouts: {prepare: 10s, engine: 10s, hold: 5s}
state:
  - {label: the file is there, file: /ok, expect: {exists: true}}
`,
		"restore.sh": "#!/bin/sh\ntouch \"$HOME/ok\"\n",
		"prepare.sh": "#!/bin/sh\nrm \"$HOME/ok\"\n",
		"solve.sh":   "#!/bin/bash\ntouch \"$HOME/ok\"\n",
	}
	maps.Copy(all, files)
	for name, text := range all {
		if text != "" {
			root["files/001-missing/"+name] = &fstest.MapFile{Data: []byte(text), Mode: 0o755}
		}
	}
	list, problems := scenario.Load(root, scenario.LoadOptions{})
	require.NoError(t, problems.Errors().Err())
	require.Len(t, list, 1)
	return list[0]
}

// run makes one attempt and returns its record with its log.
func (h *harness) run(sc *scenario.Scenario) (reports.Attempt, string) {
	h.t.Helper()
	return h.runWith(h.t.Context(), sc)
}

func (h *harness) runWith(ctx context.Context, sc *scenario.Scenario) (reports.Attempt, string) {
	h.t.Helper()
	var log bytes.Buffer
	rec := h.Run(ctx, attempt.Spec{Scenario: sc, Iteration: 1, Test: "Test_files/001-missing", Output: &log})
	return rec, log.String()
}

// An engine made of a func.
type engine struct {
	work func(ctx context.Context, w engines.Work) (rules.Job, error)
}

func (engine) Name() string { return "func" }

func (e engine) Work(ctx context.Context, w engines.Work) (rules.Job, error) { return e.work(ctx, w) }

// sh is an engine that runs one shell line as the agent.
func sh(line string) engine {
	return engine{func(ctx context.Context, w engines.Work) (rules.Job, error) {
		for _, host := range w.Hosts {
			r, err := w.Sandboxes[host].Exec(ctx, providers.Command{Argv: []string{"/bin/sh", "-c", line}})
			if err != nil {
				return rules.Job{}, err
			}
			if r.ExitStatus != 0 {
				return rules.Job{Resolution: rules.AgenticFailure}, fmt.Errorf("exit status %d: %s", r.ExitStatus, r.Stderr)
			}
		}
		return rules.Job{Resolution: rules.Success}, nil
	}}
}
