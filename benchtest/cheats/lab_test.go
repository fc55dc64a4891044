package cheats

import (
	"bytes"
	"context"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/attempt"
	"github.com/benchtest-dev/benchtest/benchtest/facts/probebin"
	"github.com/benchtest-dev/benchtest/benchtest/gateways"
	"github.com/benchtest-dev/benchtest/benchtest/scenario"
	"github.com/benchtest-dev/benchtest/fixtures"
	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/local"
	"github.com/benchtest-dev/benchtest/reports"
)

// A lab makes attempts on provider local, each with an engine of its own.
type lab struct {
	runner *attempt.Runner
	engine *engine
}

// testHome outlives the tests, and the templates in it are used by the next.
func testHome(t *testing.T) string {
	t.Helper()
	if home := os.Getenv("BENCHTEST_HOME"); home != "" {
		return home
	}
	cache, err := os.UserCacheDir()
	require.NoError(t, err)
	return filepath.Join(cache, "benchtest-test")
}

// newLab makes a lab; what it made goes when the test and its subtests are over.
func newLab(t *testing.T) *lab {
	t.Helper()
	if os.Getenv("BENCHTEST_CHEATS") == "" {
		t.Skip("cheats need machines and minutes: make soak, or set BENCHTEST_CHEATS=1")
	}
	home, runs := testHome(t), t.TempDir()
	record, err := reports.NewRun(runs, reports.NewRunID(time.Now()))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, record.Close()) })
	p, err := local.New(providers.Options{Home: home, Run: record.ID})
	require.NoError(t, err)
	if err := p.Check(t.Context()); err != nil {
		t.Skipf("this machine cannot run provider local; mend it and run again: %v", err)
	}
	l := &lab{engine: &engine{works: map[string]work{}}}
	l.runner = &attempt.Runner{
		Provider: p, ProviderName: "local", Engine: l.engine, Record: record, Keep: attempt.KeepNever,
		Log: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})),
	}
	l.furnish(t, home)
	return l
}

// furnish makes what attempts stand on.
func (l *lab) furnish(t *testing.T, home string) {
	t.Helper()
	r := l.runner
	var err error
	r.Probe, err = probebin.Open(t.Context(), home)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.Probe.Close()) })
	r.Binary, err = os.Executable()
	require.NoError(t, err)
	r.Templates, err = fixtures.LoadTemplates(fixtures.Embedded())
	require.NoError(t, err)
	r.Journal, err = fixtures.OpenJournal(home)
	require.NoError(t, err)
	r.History, err = fixtures.OpenHistory(t.TempDir()) // none: cheats say nothing about how long a scenario takes
	require.NoError(t, err)
	// Tests are killed too, and machines would be left.
	janitor, err := fixtures.StartJanitor(t.Context(), fixtures.JanitorConfig{Binary: r.Binary, Home: home, Run: r.Record.ID, Provider: "local"})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, janitor.Close(context.WithoutCancel(t.Context()))) })
	r.Gateway, err = gateways.New("runner")
	require.NoError(t, err)
	// Most of an attempt is waiting, so there may be more of them than fit.
	capacity, err := fixtures.HostCapacity(2)
	require.NoError(t, err)
	r.Admission, err = fixtures.NewAdmission(fixtures.AdmissionConfig{Journal: r.Journal, Run: r.Record.ID, Capacity: capacity})
	require.NoError(t, err)
	cache := fixtures.NewTemplateCache(r.Provider, fixtures.Progress{W: t.Output()})
	r.Pool = fixtures.NewPool(context.WithoutCancel(t.Context()), fixtures.PoolConfig{
		Provider: r.Provider, ProviderName: "local", Journal: r.Journal, Admission: r.Admission, Run: r.Record.ID,
		Build: cache.EnsureBuilt, Ready: r.ReadyFunc(), MaxIdle: -1,
	})
	t.Cleanup(func() { require.NoError(t, r.Pool.Close(context.WithoutCancel(t.Context()))) })
}

// scenario is a shipped one under another key, with changes to its text.
func (l *lab) scenario(t *testing.T, shipped, key string, changes ...string) *scenario.Scenario {
	t.Helper()
	from := os.DirFS(filepath.Join("..", "..", "scenarios", filepath.FromSlash(shipped)))
	root := fstest.MapFS{}
	err := fs.WalkDir(from, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := fs.ReadFile(from, name)
		text := strings.Replace(string(b), "key: "+shipped+"\n", "", 1)
		if name == "scenario.yaml" {
			text = strings.NewReplacer(changes...).Replace(text)
		}
		root[key+"/"+name] = &fstest.MapFile{Data: []byte(text), Mode: 0o755}
		return err
	})
	require.NoError(t, err)
	list, problems := scenario.Load(root, scenario.LoadOptions{Templates: l.runner.Templates.Names()})
	require.NoError(t, problems.Errors().Err())
	require.Len(t, list, 1)
	return list[0]
}

// attempt makes one attempt at sc with w as its engine.
func (l *lab) attempt(t *testing.T, sc *scenario.Scenario, w work) reports.Attempt {
	t.Helper()
	l.engine.set(sc.Key, w)
	var log bytes.Buffer
	rec := l.runner.Run(t.Context(), attempt.Spec{Scenario: sc, Iteration: 1, Test: t.Name(), Output: &log})
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the attempt's log:\n%s", log.String())
		}
	})
	return rec
}

// machine is the provider's machine of the attempt that the engine works on.
func (l *lab) machine(ctx context.Context, attempt string) (providers.Machine, error) {
	leases, err := l.runner.Journal.List()
	if err != nil {
		return nil, err
	}
	for _, lease := range leases {
		if lease.Kind == fixtures.LeaseClone && lease.Attempt == attempt {
			return l.runner.Provider.Open(ctx, lease.ID)
		}
	}
	return nil, fs.ErrNotExist
}
