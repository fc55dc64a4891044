package rescore

import (
	"context"
	"errors"
	"fmt"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
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
	scenarios := map[string]*known{}
	for _, sc := range p.Scenarios {
		scenarios[sc.Key] = &known{sc, rules.Digest(sc.State, sc.Compliance)}
	}
	r, d := &reports.EvidenceReader{}, decoders{}
	defer r.Close()
	for a, err := range p.Store.Attempts(ctx, p.Choice) {
		if err != nil {
			return t, err
		}
		f, sc := Finding{Attempt: a}, scenarios[a.Key]
		if sc != nil {
			r.Decoder = d.of(sc)
		}
		f.Change, f.Err = p.judge(ctx, r, sc, a)
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

// known is a scenario and the digest of its rules.
type known struct {
	*scenario.Scenario
	digest string
}

// decoders are those of the scenarios that were judged last: what one remembers
// is of use to attempts of one scenario.
type decoders map[*known]*reports.Decoder

// maxDecoders bounds their memory: each may keep some megabytes.
const maxDecoders = 16

func (d decoders) of(sc *known) *reports.Decoder {
	made := d[sc]
	if made == nil {
		if len(d) == maxDecoders {
			clear(d)
		}
		made = &reports.Decoder{Want: verdict.Asks(sc.Scenario)}
		d[sc] = made
	}
	return made
}

func (p *Pass) judge(ctx context.Context, r *reports.EvidenceReader, sc *known, a *reports.Attempt) (Change, error) {
	switch {
	case sc == nil:
		return Change{}, ErrNoScenario
	case !a.Circumstances.Judged:
		return Change{}, fmt.Errorf("%w: %s: %s", ErrNotJudged, a.Outcome, a.Reason)
	}
	e, err := p.Store.Evidence(ctx, a, r)
	if err != nil {
		return Change{}, err
	}
	v, err := judge(sc, a, e)
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
