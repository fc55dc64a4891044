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
	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/benchtest/scenario"
	"github.com/benchtest-dev/benchtest/fixtures"
	"github.com/benchtest-dev/benchtest/reports"
)

// current is the one suite of the process: TestMain makes it and the tests,
// which are called by package testing, have no other way to meet it.
var current atomic.Pointer[suite]

// A suite is one run of the scenarios of one package.
type suite struct {
	config Config
	set    *settings
	flags  *flag.FlagSet
	// ctx ends at a signal. It is a field since tests are called by package
	// testing, whose own context ends with each test.
	ctx       context.Context
	dir       string // of the package
	home      string // BENCHTEST_HOME
	provider  string
	catalog   *fixtures.Catalog
	scenarios []*scenario.Scenario
	sel       selection
	deadline  time.Time
	started   time.Time

	runner *attempt.Runner // nil when nothing is to be attempted
	undo   []func(context.Context) error

	mu       sync.Mutex
	rounds   map[string]int
	attempts []reports.Attempt
}

// newSuite loads the scenarios and chooses among them; it makes nothing.
func newSuite(ctx context.Context, c Config, set *settings, flags *flag.FlagSet) (*suite, error) {
	s := &suite{config: c, set: set, flags: flags, ctx: ctx, started: time.Now(), rounds: map[string]int{}}
	var err error
	if s.dir, err = os.Getwd(); err != nil {
		return nil, fmt.Errorf("find the package's directory: %w", err)
	}
	if s.home, err = fixtures.Home(os.LookupEnv); err != nil {
		return nil, err
	}
	if s.provider, err = chooseProvider(set.provider, tags()); err != nil {
		return nil, err
	}
	if s.catalog, err = loadCatalog(c, s.dir); err != nil {
		return nil, err
	}
	if s.scenarios, err = loadScenarios(s.dir, s.catalog); err != nil {
		return nil, err
	}
	run, skip := flagValue(flags, "test.run"), flagValue(flags, "test.skip")
	if s.sel, err = selectScenarios(s.scenarios, set, run, skip); err != nil {
		return nil, err
	}
	if len(s.sel.chosen) == 0 && !onlyGoTests(run) && !s.short() {
		return nil, s.nothingChosen(run)
	}
	s.deadline, err = takeDeadline(flags, s.started)
	raiseParallel(flags)
	return s, err
}

// loadScenarios reads every scenario below dir. Warnings are printed; errors
// are returned, all of them.
func loadScenarios(dir string, catalog *fixtures.Catalog) ([]*scenario.Scenario, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open scenarios: %w", err)
	}
	// The root stays open: scenarios read their files through it.
	all, problems := scenario.Load(root.FS(), scenario.LoadOptions{Templates: catalog.Names()})
	var bad scenario.Problems
	for _, p := range problems {
		if !p.Warning {
			bad = append(bad, p)
		}
	}
	if len(bad) > 0 {
		return nil, fmt.Errorf("load scenarios:\n%w", bad)
	}
	return all, nil
}

func (s *suite) short() bool { return flagValue(s.flags, "test.short") == "true" }

// attempts anything: scenarios are chosen and neither -short nor dry-run.
func (s *suite) works() bool { return len(s.sel.chosen) > 0 && !s.short() && !s.set.dryRun }

// nothingChosen is the error of a run that would be green without evidence.
func (s *suite) nothingChosen(run string) error {
	switch {
	case len(s.scenarios) == 0:
		return fmt.Errorf("no scenario below %s: make one with go tool benchtest new nginx/001-broken-config", s.dir)
	case run != "" && s.set.scenarios != "":
		return fmt.Errorf("no scenario matches -run %q and -benchtest.scenarios=%q", run, s.set.scenarios)
	case run != "":
		hint := ""
		if s.sel.leftOut > 0 {
			hint = fmt.Sprintf("; %d carry it as a tag: -benchtest.scenarios=%s", s.sel.leftOut, s.sel.word)
		}
		return fmt.Errorf("no scenario matches -run %q%s", run, hint)
	}
	return fmt.Errorf("no scenario is left by -benchtest.scenarios=%q, -benchtest.shard=%q and -skip", s.set.scenarios, s.set.shard)
}

// run makes what attempts stand on, runs the tests, tears down and reports.
func (s *suite) run(m TestingM) int {
	if !s.works() {
		return m.Run()
	}
	if err := s.setUp(); err != nil {
		return fail(errors.Join(err, s.tearDown()))
	}
	code := m.Run()
	if missing := s.missing(); len(missing) > 0 && code == 0 {
		tell(os.Stderr, "benchtest: chosen and never run: %s: the generated table is stale: run go generate ./...", strings.Join(missing, ", "))
		code = 1
	}
	if err := s.tearDown(); err != nil {
		tell(os.Stderr, "benchtest: tear down: %v", err)
		code = max(code, 1)
	}
	if err := s.report(); err != nil {
		tell(os.Stderr, "benchtest: write reports: %v", err)
		code = max(code, 1)
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

// next numbers the attempts at a scenario: -count goes on where it was.
func (s *suite) next(key string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rounds[key]++
	return s.rounds[key]
}

// add keeps a finished attempt for the reports.
func (s *suite) add(rec reports.Attempt) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.attempts = append(s.attempts, rec)
}

// missing lists the chosen scenarios that no attempt was made at.
func (s *suite) missing() []string {
	var keys []string
	for _, sc := range s.sel.chosen {
		if !slices.ContainsFunc(s.attempts, func(a reports.Attempt) bool { return a.Key == sc.Key }) {
			keys = append(keys, sc.Key)
		}
	}
	return keys
}

// passed reports whether every attempt did.
func (s *suite) passed() bool {
	return !slices.ContainsFunc(s.attempts, func(a reports.Attempt) bool { return a.Outcome != rules.Passed && a.Outcome != rules.Skipped })
}
