// Package attempt is the life of one attempt, from admission to release. It
// returns records and knows nothing of package testing.
//
// Read life.go first: it lists the steps in their order, and each step is a
// file of its own.
package attempt

import (
	"context"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/engines"
	"github.com/benchtest-dev/benchtest/benchtest/engines/isolate"
	"github.com/benchtest-dev/benchtest/benchtest/gateways"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/benchtest/scenario"
	"github.com/benchtest-dev/benchtest/fixtures"
	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/reports"
	"github.com/benchtest-dev/benchtest/reports/progress"
)

// A Runner makes attempts. Its fields are set once, before the first attempt;
// Run may then be called concurrently. All fields are required unless they say
// otherwise.
type Runner struct {
	Provider     providers.Provider
	ProviderName string
	Templates    *fixtures.Catalog
	Admission    *fixtures.Admission
	Pool         *fixtures.Pool
	History      *fixtures.History
	Journal      *fixtures.Journal
	Engine       engines.Engine
	Gateway      gateways.Gateway
	Record       *reports.Run
	Log          *slog.Logger
	// Progress is told how attempts go on; nil: nobody looks.
	Progress *progress.Tracker

	// TraceContext is the TRACEPARENT and TRACESTATE of an attempt's engine; nil:
	// nobody collects spans.
	TraceContext func(key string, iteration int) (parent, state string)

	// Probe is the static probe binary, open for reading as long as the Runner is used.
	Probe *os.File
	// Binary is the absolute path of a program that answers -benchtest.dial: ours.
	Binary string
	// Scratch is a directory with a short path for keys, sockets and engines'
	// working directories; empty: the system's for temporary files.
	Scratch string
	// Rules are evaluated on every attempt beside the scenario's own. May be empty.
	Rules []Rule
	// EngineLimit replaces the engine limit of every scenario; zero leaves it.
	EngineLimit time.Duration
	// EngineGrace is how long after its deadline an engine may take to return
	// before the attempt goes on without it; zero: DefaultEngineGrace.
	EngineGrace time.Duration
	// Deadline is when the suite has to be over; zero: never.
	Deadline time.Time
	// RequireObserved makes required compliance rules rest on observed commands alone.
	RequireObserved bool
	// Specialty replaces every agent's specialty key; empty leaves them.
	Specialty string
	Keep      Keep
	Seed      int64

	warden  isolate.Warden // confines engines
	sweeper sweeper
}

// Close returns when nothing is left of the attempts' working directories. It
// is called after the last attempt.
func (r *Runner) Close() error { return r.sweeper.wait() }

// Keep says which machines stay after an attempt.
type Keep string

// The values of -benchtest.keep.
const (
	KeepNever  Keep = "never"
	KeepFailed Keep = "failed"
	KeepAlways Keep = "always"
)

// A Spec asks for one attempt.
type Spec struct {
	Scenario  *scenario.Scenario
	Iteration int    // from 1
	Test      string // the subtest's full name
	Output    io.Writer
	Artifacts string // directory that go test keeps, or empty
}

// A Rule is a user's own, written in Go: a pure function of the evidence.
type Rule struct {
	Label    string
	Scope    rules.Scope
	Required bool
	// Check returns whether the rule holds and what it saw. An error means
	// that the question could not be asked.
	Check func(Evidence) (holds bool, got string, err error)
}

// Limits that a scenario does not set (DESIGN.md section 3).
const (
	DefaultReady   = 60 * time.Second
	DefaultPrepare = 2 * time.Minute
	DefaultEngine  = 5 * time.Minute
	DefaultHold    = 30 * time.Second
	DefaultRelease = time.Minute
)

// DefaultEngineGrace leaves an engine on the driver the five seconds between
// being told to end and being killed.
const DefaultEngineGrace = 15 * time.Second

// limits are a scenario's with the defaults filled in, all but the engine's
// stretched to the pace of the provider's machines.
func (r *Runner) limits(s *scenario.Scenario) scenario.Timeouts {
	t := s.Timeouts
	set := func(d *time.Duration, byDefault time.Duration) {
		if *d <= 0 {
			*d = byDefault
		}
	}
	set(&t.Ready, DefaultReady)
	set(&t.Prepare, DefaultPrepare)
	set(&t.Engine, DefaultEngine)
	set(&t.Hold, DefaultHold)
	set(&t.Release, DefaultRelease)
	for _, d := range []*time.Duration{&t.Ready, &t.Prepare, &t.Hold, &t.Release} {
		*d = providers.Stretch(r.Provider, *d)
	}
	if r.EngineLimit > 0 {
		t.Engine = r.EngineLimit
	}
	return t
}

// unknownExpectation bounds what is expected of a scenario without history.
const unknownExpectation = 3 * time.Minute

// Expected is how long an attempt is expected to take, all phases together.
func (r *Runner) Expected(s *scenario.Scenario) time.Duration {
	if d, known := r.History.Expected(s.Key); known {
		return d
	}
	l := r.limits(s)
	return min(l.Ready+l.Prepare+l.Engine+l.Hold+l.Release, unknownExpectation)
}

// Run makes one attempt and returns its record, whatever happened. It retries
// once what broke before the engine's first action, and records that it did.
func (r *Runner) Run(ctx context.Context, spec Spec) reports.Attempt {
	const tries = 2
	b := newBook(r.Record, spec)
	var retries []string
	for n := 1; ; n++ {
		t := newTry(r, spec, b)
		t.rec.Retries = retries
		r.Progress.During(func() { t.live(ctx, n == tries) })
		if !t.retryable {
			return t.rec
		}
		retries = append(retries, t.rec.Reason)
		t.note(b.event(reports.Event{Kind: reports.Retry, Reason: t.rec.Reason}))
	}
}
