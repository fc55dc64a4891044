package rescore

import (
	"context"
	"errors"
	"fmt"

	"github.com/benchtest-dev/benchtest/benchtest/scenario"
	"github.com/benchtest-dev/benchtest/benchtest/verdict"
	"github.com/benchtest-dev/benchtest/reports"
)

// A Pass judges the attempts of a store anew.
type Pass struct {
	Store     Store
	Scenarios []*scenario.Scenario // of today
	Choice    Choice
	DryRun    bool // append nothing
	// Found is called for every attempt that was chosen, in order.
	Found func(Finding)
}

// A Finding is what became of one attempt.
type Finding struct {
	Attempt *reports.Attempt
	Change  Change // zero where Err is set
	// Err says why it was not judged. It wraps ErrNotJudged, ErrNoScenario, or
	// reports.ErrEvidence.
	Err error
}

// ErrNoScenario says that the attempt's scenario is no longer there.
var ErrNoScenario = errors.New("its scenario is no longer there")

// A Tally counts findings.
type Tally struct {
	Judged, Changed, Appended int
	// Skipped were never judged by rules, Deprecated have no scenario any more,
	// Broken have evidence that is missing or is not what was recorded.
	Skipped, Deprecated, Broken int
}

// Run goes through the attempts, holding one at a time. It stops where the
// store cannot be read or written.
func (p *Pass) Run(ctx context.Context) (Tally, error) {
	var t Tally
	scenarios := map[string]*scenario.Scenario{}
	for _, sc := range p.Scenarios {
		scenarios[sc.Key] = sc
	}
	var r readers
	for a, err := range p.Store.Attempts(ctx, p.Choice) {
		if err != nil {
			return t, err
		}
		f := Finding{Attempt: a}
		f.Change, f.Err = p.judge(ctx, &r, scenarios[a.Key], a)
		if err := t.count(f); err != nil {
			return t, fmt.Errorf("re-score %s: %w", a.ID(), err)
		}
		if f.Err == nil && f.Change.News() && !p.DryRun {
			if err := p.Store.Append(ctx, a, f.Change.New); err != nil {
				return t, fmt.Errorf("re-score %s: %w", a.ID(), err)
			}
			t.Appended++
		}
		p.Found(f)
	}
	return t, nil
}

// readers are those of the scenarios that were judged last. What a reader keeps
// is of use to its scenario alone.
type readers struct {
	byScenario map[*scenario.Scenario]*reports.EvidenceReader
}

// maxReaders bounds the memory that readers keep, a few megabytes each.
const maxReaders = 16

func (r *readers) of(sc *scenario.Scenario) *reports.EvidenceReader {
	if known := r.byScenario[sc]; known != nil {
		return known
	}
	if r.byScenario == nil || len(r.byScenario) == maxReaders {
		r.byScenario = map[*scenario.Scenario]*reports.EvidenceReader{} // attempts of one scenario mostly come together
	}
	made := &reports.EvidenceReader{Decoder: reports.Decoder{Want: verdict.Asks(sc)}}
	r.byScenario[sc] = made
	return made
}

func (p *Pass) judge(ctx context.Context, r *readers, sc *scenario.Scenario, a *reports.Attempt) (Change, error) {
	switch {
	case sc == nil:
		return Change{}, ErrNoScenario
	case !a.Circumstances.Judged:
		return Change{}, fmt.Errorf("%w: %s: %s", ErrNotJudged, a.Outcome, a.Reason)
	}
	e, err := p.Store.Evidence(ctx, a, r.of(sc))
	if err != nil {
		return Change{}, err
	}
	v, err := Judge(sc, a, e)
	return Compare(a.Verdict(), v), err
}

// count returns the error that ends the pass: one of the store's.
func (t *Tally) count(f Finding) error {
	switch {
	case f.Err == nil:
		t.Judged++
		if f.Change.Differs() {
			t.Changed++
		}
	case errors.Is(f.Err, ErrNotJudged):
		t.Skipped++
	case errors.Is(f.Err, ErrNoScenario):
		t.Deprecated++
	case errors.Is(f.Err, reports.ErrEvidence):
		t.Broken++
	default:
		return f.Err
	}
	return nil
}
