package rescore

import (
	"context"
	"iter"
	"time"

	"github.com/benchtest-dev/benchtest/reports"
)

// A Store keeps attempts and their evidence: the directories of runs, or a
// database.
type Store interface {
	// Attempts yields the attempts that are chosen, run by run, each as far as
	// reports.ReadJudged reads it, with the last verdict that was given since. Of a
	// result that anyone can come to again there may be no more than its name and
	// status. An error ends it.
	Attempts(ctx context.Context, c Choice) iter.Seq2[*reports.Attempt, error]
	// Evidence reads what was recorded of a: the facts that r wants and the job
	// record. What is not there, or not as it was recorded, is an error that wraps
	// reports.ErrEvidence.
	Evidence(ctx context.Context, a *reports.Attempt, r *reports.EvidenceReader) (reports.Evidence, error)
	// Append adds a verdict on a to those that there are.
	Append(ctx context.Context, a *reports.Attempt, v reports.Verdict) error
}

// A Choice is of attempts: those to which all that is set applies.
type Choice struct {
	Benchmark string    // a run's ID
	Job       string    // an attempt's ID: RUN_ID/KEY/iN
	Scenario  string    // a key
	Since     time.Time // that started then or later
}

// Chooses reports whether a is chosen, as far as its own record tells.
func (c Choice) Chooses(a *reports.Attempt) bool {
	return (c.Benchmark == "" || c.Benchmark == a.RunID) && (c.Job == "" || c.Job == a.ID()) && (c.Scenario == "" || c.Scenario == a.Key)
}
