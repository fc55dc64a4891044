package suite

import (
	"context"
	"fmt"
	"os"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest"
	"github.com/benchtest-dev/benchtest/benchtest/engines"
	"github.com/benchtest-dev/benchtest/benchtest/facts"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/benchtest/scenario"
	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/providertest"
)

// measured is set by package perf: how long the engine works on each ticket.
const measured = "BENCHTEST_PERF_WORK"

// gate is set to a file that the engine waits for, after a few tickets.
const gate, beforeGate = "BENCHTEST_PERF_GATE", 4

func TestMain(m *testing.M) {
	work, err := time.ParseDuration(os.Getenv(measured))
	if err != nil { // nobody measures
		os.Exit(m.Run())
	}
	benchtest.Main(m, benchtest.Config{
		Provider: "fake", Engine: "idle", Engines: []engines.Engine{&idle{work: work, gate: os.Getenv(gate)}},
		Providers: map[string]func(providers.Options) (providers.Provider, error){"fake": fake},
	})
}

func skipUnmeasured(t *testing.T) {
	t.Helper()
	if os.Getenv(measured) == "" {
		t.Skip("this suite is measured: run make bench-perf")
	}
}

// clock says how long the test takes from here, parallel subtests included,
// which the time that go test prints leaves out, and how much memory this
// process has had, without the go command that it started.
func clock(t *testing.T) {
	t.Helper()
	begin := time.Now()
	t.Cleanup(func() {
		var usage syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
			t.Fatal(err)
		}
		t.Logf("took %s with %d bytes", time.Since(begin), maxResident(&usage))
	})
}

// Test_fake runs the scenarios of the directory that perf has made.
func Test_fake(t *testing.T) {
	skipUnmeasured(t)
	list, problems := scenario.Load(os.DirFS("."), scenario.LoadOptions{})
	if err := problems.Errors().Err(); err != nil {
		t.Fatal(err)
	}
	var table []benchtest.Entry
	for _, sc := range list {
		table = append(table, sc.Entry())
	}
	clock(t)
	benchtest.Run(t, "fake", table)
}

// TestBare is the control: as many subtests that do what the engine does.
func TestBare(t *testing.T) {
	skipUnmeasured(t)
	work, err := time.ParseDuration(os.Getenv(measured))
	if err != nil {
		t.Fatal(err)
	}
	scenarios, err := os.ReadDir("fake")
	if err != nil {
		t.Fatal(err)
	}
	clock(t)
	for _, s := range scenarios {
		t.Run(s.Name(), func(*testing.T) { time.Sleep(work) })
	}
}

// idle is an engine that only takes its time.
type idle struct {
	work  time.Duration
	gate  string
	begun atomic.Int32
}

func (*idle) Name() string { return "idle" }

func (e *idle) Work(ctx context.Context, _ engines.Work) (rules.Job, error) {
	held := e.begun.Add(1) > beforeGate
	for {
		select {
		case <-time.After(e.work):
		case <-ctx.Done():
			return rules.Job{}, fmt.Errorf("work: %w", context.Cause(ctx))
		}
		if _, err := os.Stat(e.gate); !held || e.gate == "" || err == nil {
			return rules.Job{Resolution: rules.NoAction}, nil
		}
	}
}

// fake makes machines whose every file is there.
func fake(o providers.Options) (providers.Provider, error) {
	dir, err := os.MkdirTemp(o.Home, "machines-")
	if err != nil {
		return nil, err
	}
	return providertest.NewFake(providertest.FakeOptions{
		Dir: dir,
		Facts: func(_ *providertest.FakeMachine, req facts.Request) (facts.Answer, error) {
			a := facts.Answer{At: time.Now()}
			for _, q := range req.Queries {
				a.Facts = append(a.Facts, facts.Fact{Query: q, Grade: facts.GradeHost, Attrs: map[string]any{"exists": true}})
			}
			return a, nil
		},
	}), nil
}
