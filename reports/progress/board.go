package progress

import (
	"cmp"
	"slices"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/reports"
)

// id names an attempt of the run.
type id struct {
	key       string
	iteration int
}

// An event is what a Tracker was told: a phase that begins, a verdict, or that
// an attempt is gone.
type event struct {
	id    id
	at    time.Time
	phase string
	rec   *reports.Attempt
	gone  bool
}

// A running attempt.
type running struct {
	id    id
	name  name
	phase string    // as it is shown
	since time.Time // when the phase began
	begun time.Time // when the attempt was admitted; zero: it waits
	ended bool      // it has a verdict, and machines that are being released
}

func (a *running) waits() bool { return a.begun.IsZero() }

// A board is what is known of the run. It belongs to one goroutine.
type board struct {
	cfg   Config
	plans map[string]Plan
	total int // attempts that are to be made

	started  time.Time // when the first attempt was told of
	attempts map[id]*running
	counts   map[rules.Outcome]int
	done     map[string]int // attempts with a verdict, by key
	took     time.Duration  // of those that were scored, together
	estimate estimate
	// typically is what the history says of keys: asked once, until an attempt ends.
	typically map[string]time.Duration
}

func newBoard(cfg Config) *board {
	b := &board{
		cfg: cfg, plans: map[string]Plan{}, attempts: map[id]*running{},
		counts: map[rules.Outcome]int{}, done: map[string]int{}, typically: map[string]time.Duration{},
	}
	for _, p := range cfg.Plan {
		b.plans[p.Key] = p
		b.total += p.Attempts
	}
	return b
}

// began reports whether there is anything to show.
func (b *board) began() bool { return !b.started.IsZero() }

// take moves the board on.
func (b *board) take(e event) {
	if !b.began() {
		b.started = e.at
	}
	switch {
	case e.rec != nil:
		b.counts[e.rec.Outcome]++
		b.done[e.id.key]++
		if e.rec.Outcome.Scored() {
			b.took += e.rec.Phases.Total()
		}
		if a := b.attempts[e.id]; a != nil {
			a.ended = true
		}
		b.estimate.stale = true
		delete(b.typically, e.id.key) // it has one attempt more to learn from
	case e.gone:
		delete(b.attempts, e.id)
	default:
		b.phase(e)
	}
}

func (b *board) phase(e event) {
	a := b.attempts[e.id]
	if a == nil {
		a = &running{id: e.id, name: b.name(e.id)}
		b.attempts[e.id] = a
	}
	a.phase, a.since = reports.OneLine(e.phase), e.at
	switch {
	case e.phase == reports.PhaseAdmit: // for the first time, or once more
		a.begun = time.Time{}
	case a.waits():
		a.begun = e.at
	}
}

// longest lists the attempts that were admitted, those first that run the
// longest.
func (b *board) longest() []*running {
	var list []*running
	for _, a := range b.attempts {
		if !a.waits() {
			list = append(list, a)
		}
	}
	slices.SortFunc(list, func(x, y *running) int {
		return cmp.Or(x.begun.Compare(y.begun), cmp.Compare(x.id.key, y.id.key), cmp.Compare(x.id.iteration, y.id.iteration))
	})
	return list
}

// ended is how many attempts have a verdict, and scored how many of them count.
func (b *board) ended() (n, scored int) {
	for o, c := range b.counts {
		n += c
		if o.Scored() {
			scored += c
		}
	}
	return n, scored
}
