package benchtest

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/attempt"
	"github.com/benchtest-dev/benchtest/benchtest/engines"
	"github.com/benchtest-dev/benchtest/benchtest/gateways"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/benchtest/scenario"
	"github.com/benchtest-dev/benchtest/benchtest/stats"
	"github.com/benchtest-dev/benchtest/fixtures"
	"github.com/benchtest-dev/benchtest/reports"
	"github.com/benchtest-dev/benchtest/reports/otel"
	"github.com/benchtest-dev/benchtest/reports/redact"
	"github.com/benchtest-dev/benchtest/reports/store"
)

// current is the one suite of the process: TestMain makes it and the tests,
// which are called by package testing, have no other way to meet it.
var current atomic.Pointer[suite]

// A suite is one run of the scenarios of one package.
type suite struct {
	config Config
	set    *settings
	out    *output
	flags  *flag.FlagSet
	// ctx ends at a signal, and at the deadline. It is a field since tests are
	// called by package testing, whose own context ends with each test.
	ctx       context.Context
	dir       string // of the package
	home      string // BENCHTEST_HOME
	catalog   *fixtures.Catalog
	scenarios []*scenario.Scenario
	sel       selection
	deadline  time.Time // zero: none
	started   time.Time

	// What attempts are made with; chosen only where there will be any.
	provider string
	engine   engines.Engine
	gateway  gateways.Gateway

	capacity fixtures.Capacity // of the machine, for all runs on it together

	target  *store.Target  // nil: no database is wanted
	feeder  *store.Feeder  // nil: there is none
	traced  bool           // the environment names a collector of spans
	spans   *otel.Exporter // nil: there is none
	resumed *resumption    // nil: the run is a new one

	runner *attempt.Runner // nil when nothing is to be attempted
	cache  *fixtures.TemplateCache
	undo   []func(context.Context) error

	mu       sync.Mutex
	called   map[string]bool              // keys of scenarios whose test ran
	rounds   map[string]int               // attempts begun, by key
	recorded map[string][]reports.Attempt // those that a resumed run need not make again, by key
	attempts []reports.Attempt

	secrets  *redact.Set          // nil: nothing is secret
	baseline []stats.Scenario     // of the gate's no-regression
	verdict  *reports.GateVerdict // nil until the tests are over, and without a gate
}

// newSuite loads the scenarios and chooses among them; it makes nothing.
func newSuite(ctx context.Context, c Config, set *settings, out *output, flags *flag.FlagSet) (*suite, error) {
	s := &suite{config: c, set: set, out: out, flags: flags, ctx: ctx, started: time.Now(), called: map[string]bool{}, rounds: map[string]int{}, recorded: map[string][]reports.Attempt{}}
	var err error
	if s.dir, err = os.Getwd(); err != nil {
		return nil, fmt.Errorf("find the package's directory: %w", err)
	}
	if s.home, err = fixtures.Home(os.LookupEnv); err != nil {
		return nil, err
	}
	if s.catalog, err = loadCatalog(c, s.dir); err != nil {
		return nil, err
	}
	if s.scenarios, err = loadScenarios(os.Stderr, s.dir, s.catalog); err != nil {
		return nil, err
	}
	run, skip := flagValue(flags, "test.run"), flagValue(flags, "test.skip")
	var changed func(*scenario.Scenario) bool
	if set.changed != "" {
		c, err := changedSince(ctx, s.dir, set.changed, s.catalog)
		if err != nil {
			return nil, err
		}
		changed = c.touch
	}
	if s.sel, err = selectScenarios(s.scenarios, set, run, skip, changed); err != nil {
		return nil, err
	}
	switch {
	case s.short():
		return s, nil
	case len(s.sel.chosen) > 0:
		return s, s.prepare()
	case onlyGoTests(run) || onlyBenchmarks(flags):
		return s, nil
	case s.sel.unchanged:
		tell(os.Stderr, "benchtest: nothing that the scenarios depend on differs from %s (-benchtest.changed): none runs", set.changed)
		return s, nil
	case s.sel.emptyShard:
		tell(os.Stderr, "benchtest: -benchtest.shard=%s is empty: the other shards have all scenarios", set.shard)
		return s, nil
	}
	return nil, s.nothingChosen(run)
}

// prepare settles what attempts are made with and how much time there is, for
// them and for a dry run.
func (s *suite) prepare() error {
	if err := errors.Join(s.chooseParts(), s.chooseStore(), s.chooseSpans()); err != nil {
		return err
	}
	if err := s.readBaseline(); err != nil {
		return err
	}
	if s.set.dryRun {
		return nil
	}
	if s.set.resume != "" {
		if err := s.resume(); err != nil {
			return err
		}
	}
	var err error
	s.deadline, err = takeDeadline(s.flags, s.started)
	raiseParallel(s.flags)
	return err
}

func (s *suite) short() bool { return flagValue(s.flags, "test.short") == "true" }

// works reports whether there will be attempts: scenarios are chosen, and
// neither -short nor -benchtest.dry-run is given.
func (s *suite) works() bool { return len(s.sel.chosen) > 0 && !s.short() && !s.set.dryRun }

// run makes what attempts stand on, runs the tests, tears down and reports.
func (s *suite) run(m TestingM) int {
	if !s.works() {
		return s.complete(m.Run())
	}
	interruptible := s.ctx
	if !s.deadline.IsZero() {
		ctx, cancel := context.WithDeadlineCause(s.ctx, s.deadline, errTimeOver)
		defer cancel()
		s.ctx = ctx
	}
	if err := s.setUp(); err != nil {
		return fail(errors.Join(err, s.tearDown()))
	}
	s.warnOfTime()
	code := s.complete(m.Run())
	if err := s.tearDown(); err != nil {
		tell(os.Stderr, "benchtest: tear down: %v", err)
		code = max(code, 1)
	}
	code = s.decide(code)
	if err := s.report(code); err != nil {
		tell(os.Stderr, "benchtest: write reports: %v", err)
		code = max(code, 1)
	}
	if interruptible.Err() != nil { // whatever the gate says of what was left
		code = max(code, 1)
	}
	return code
}

// complete fails a run that left out a scenario that was chosen: no test of
// the table calls it.
func (s *suite) complete(code int) int {
	if missing := s.missing(); len(missing) > 0 && code == 0 {
		tell(os.Stderr, "benchtest: chosen and never run: %s: the generated table is stale: run go generate ./...", strings.Join(missing, ", "))
		return 1
	}
	return code
}

// tearDown undoes setUp, last things first, with a limit of its own: the
// suite's context may be over.
func (s *suite) tearDown() error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), 2*time.Minute)
	defer cancel()
	var errs []error
	for _, undo := range slices.Backward(s.undo) {
		errs = append(errs, undo(ctx))
	}
	s.undo = nil
	return errors.Join(errs...)
}

// call notes that the test of a scenario runs.
func (s *suite) call(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.called[key] = true
}

// add keeps a finished attempt for the reports.
func (s *suite) add(rec reports.Attempt) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.attempts = append(s.attempts, rec)
}

// missing lists the chosen scenarios that no test has called.
func (s *suite) missing() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var keys []string
	for _, sc := range s.sel.chosen {
		if !s.called[sc.Key] {
			keys = append(keys, sc.Key)
		}
	}
	return keys
}

// passed reports whether every attempt did.
func (s *suite) passed() bool {
	return !slices.ContainsFunc(s.attempts, func(a reports.Attempt) bool { return a.Outcome != rules.Passed && a.Outcome != rules.Skipped })
}
