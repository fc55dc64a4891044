package attempt

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/benchtest/scenario"
	"github.com/benchtest-dev/benchtest/fixtures"
	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/reports"
)

// A try is one attempt under way. It belongs to one goroutine.
type try struct {
	*Runner
	spec  Spec
	sc    *scenario.Scenario
	limit scenario.Timeouts
	id    string // key/iN, the attempt's name
	rec   reports.Attempt
	book  *book
	dir   *reports.AttemptDir // the book's, once it is open

	reservation *fixtures.Reservation
	giveBack    func() // frees lent machines that were never cloned; nil: none were
	broken      bool   // prepare.* has begun
	soiled      bool   // lent machines were changed, and restore.* is to mend them
	hosts       []*host
	network     string // the lease of the hosts' network; empty: none
	access      *driverAccess
	desk        *layingDesk // where the engine is to work; nil before the machines are leased
	job         rules.Job
	acted       bool      // the engine reached a host
	cut         bool      // the engine's clock was cut short by the suite's deadline
	timedOut    bool      // the engine used up its own time
	began       time.Time // when the engine began
	ended       time.Time // when it ended
	validated   *validation
	// providerWell: what could not be observed was taken away inside the guest.
	providerWell bool
	retryable    bool
}

// A host is one machine of the attempt, with what was observed of it.
type host struct {
	name  string
	want  fixtures.Want
	clone *fixtures.Clone
	root  *providers.Sandbox
	at    map[facts.Checkpoint]facts.Snapshot
	work  []facts.Snapshot // samples while the engine worked
	hold  []facts.Snapshot // samples of the hold window
}

// A step is one stretch of an attempt's life.
type step struct {
	name  string
	clock *time.Duration
	do    func(context.Context) error
	// infrastructure marks steps before the engine's first action that may be
	// tried again when they break.
	infrastructure bool
}

// life is the life of an attempt, DESIGN.md section 4, in its order.
func (t *try) life() []step {
	p := &t.rec.Phases
	return []step{
		{reports.PhaseAdmit, &p.Admit, t.admitted, false},
		{"lease machines", &p.Handover, t.lease, true},
		{"wait until ready", &p.Ready, t.ready, true},
		{"restore", &p.Restore, t.restore, false},
		{"observe the healthy machine", &p.Restore, t.healthy, false},
		{"prepare", &p.Prepare, t.prepare, false},
		{"prove the fault", &p.Control, t.control, false},
		{reports.PhaseWork, &p.Engine, t.work, false},
		{"hold", &p.Hold, t.holdWindow, false},
		{"judge", &p.Rules, t.judge, false},
	}
}

func newTry(r *Runner, spec Spec, b *book) *try {
	sc := spec.Scenario
	t := &try{Runner: r, spec: spec, sc: sc, limit: r.limits(sc), id: fmt.Sprintf("%s/i%d", sc.Key, spec.Iteration), book: b}
	t.rec = t.newRecord()
	return t
}

// live goes through the steps until one breaks, then records and releases.
// What broke and may be tried again is recorded by the next try; last says
// that there is none.
func (t *try) live(ctx context.Context, last bool) {
	for _, s := range t.life() {
		start := time.Now()
		t.begins(s.name)
		err := t.timed(s.clock, func() error { return s.do(ctx) })
		t.note(t.book.event(reports.Event{Kind: reports.PhaseDone, Phase: s.name, Took: time.Since(start)}))
		if err != nil {
			t.retryable = s.infrastructure && !last && ctx.Err() == nil && !errors.Is(err, providers.ErrUnavailable)
			t.broke(s.name, t.explain(ctx, err))
			break
		}
	}
	if !t.retryable {
		t.record()
	}
	t.begins(reports.PhaseRelease)
	if err := t.timed(&t.rec.Phases.Release, func() error { return t.release(ctx) }); err != nil {
		t.Log.Error("release machines", "attempt", t.id, "err", err)
	}
	// The record is written by then: only this event tells until when the
	// machines were there.
	t.note(t.book.event(reports.Event{Kind: reports.PhaseDone, Phase: reports.PhaseRelease, Took: t.rec.Phases.Release}))
	if !t.retryable {
		t.Progress.Gone(t.sc.Key, t.spec.Iteration)
	}
}

// begins tells who looks that a phase does.
func (t *try) begins(phase string) { t.Progress.Phase(t.sc.Key, t.spec.Iteration, phase) }

// timed adds what do takes to clock.
func (t *try) timed(clock *time.Duration, do func() error) error {
	start := time.Now()
	defer func() { *clock += time.Since(start) }()
	return do()
}

// broke makes the attempt errored: benchtest, the sandbox or the scenario
// broke, and nothing is known of the engine. What cannot be had here has broken
// nothing: then it is skipped, with what would help.
func (t *try) broke(step string, err error) {
	t.rec.Outcome = rules.Errored
	t.rec.Cut = errors.Is(err, errCut)
	if errors.Is(err, providers.ErrUnavailable) {
		t.rec.Outcome = rules.Skipped
	}
	t.rec.Reason = fmt.Sprintf("%s: %v", step, err)
}

// errCut says that the run ended before the attempt did.
var errCut = errors.New("the run was cut")

// explain adds why ctx ended, where that is what broke the step, and the remedy
// where that was for want of time.
func (t *try) explain(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		return err
	}
	cut := fmt.Errorf("%w: %w", errCut, context.Cause(ctx))
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("%w: run with -timeout 0", cut)
	}
	return cut
}
