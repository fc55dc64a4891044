package store

import (
	"context"
	"errors"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/reports"
)

// A Writer brings what runs recorded into the database. Its methods may be
// called concurrently, also by several processes.
type Writer interface {
	// SaveBenchmark makes the row of a run, or brings it up to date.
	SaveBenchmark(ctx context.Context, b Benchmark) error
	// Add brings attempts of benchmarks that were saved, each with all its rows,
	// in one transaction. Those that are there already stay as they are. It
	// returns how many are new.
	Add(ctx context.Context, list []Report) (added int, err error)
	// AddVerdict adds what rules of a later day say of an attempt that is there,
	// in its place by time. It is not new where the same rules spoke at the same
	// moment, or said the same the time before or after. No verdict is ever changed.
	AddVerdict(ctx context.Context, id string, v reports.Verdict) (isNew bool, err error)
	// MarkRemade notes that attempts were made again (Attempt.Remade). One that is
	// not there is passed over.
	MarkRemade(ctx context.Context, ids []string) error
}

// A Reader reads what is stored. An ID that is not there is ErrNotFound.
type Reader interface {
	// Benchmarks lists runs, the latest first.
	Benchmarks(ctx context.Context, f Filter) ([]Benchmark, error)
	// Reports lists attempts in the order in which they began. They come without
	// rule results: Report has those.
	Reports(ctx context.Context, f Filter) ([]reports.Attempt, error)
	// Report is one attempt with the results of its rules, all verdicts that were
	// given since, and its job.
	Report(ctx context.Context, id string) (Stored, error)
	// Evidence is what was observed in one attempt.
	Evidence(ctx context.Context, id string) (Evidence, error)
	// Overview counts outcomes by run and scenario. It reads no evidence.
	Overview(ctx context.Context, f Filter) ([]Cell, error)
}

// A Pruner removes what nobody needs any more.
type Pruner interface {
	// Prune removes attempts with all their rows, and benchmarks of which
	// nothing is left, in one transaction. With preview it removes nothing. What
	// belongs to a running benchmark stays.
	Prune(ctx context.Context, s Selection, preview bool) (Pruned, error)
	// Keys lists the keys of all scenarios with attempts.
	Keys(ctx context.Context) ([]string, error)
}

// ErrNotFound says that no row has this ID.
var ErrNotFound = errors.New("not in the database")

// A Benchmark is one run of the suite.
type Benchmark struct {
	Info reports.RunInfo
	Dir  string // of its record, on the machine that made it
	// Alive is when its process was last heard of, for a run that has not ended.
	Alive time.Time
	End   *End // nil: it has not ended
}

// An End is how a run ended.
type End struct {
	At     time.Time
	Exit   int
	Reason string // why it was cut short; empty: it was not
}

// aliveLimit is how long after it was last heard of a run still counts as
// running. Feeders tell every aliveEvery.
const (
	aliveLimit = 2 * time.Minute
	aliveEvery = 20 * time.Second
)

// Running reports whether the run goes on, as far as is known at now.
func (b Benchmark) Running(now time.Time) bool {
	return b.End == nil && now.Sub(b.Alive) < aliveLimit
}

// Stored is one attempt as it is stored.
type Stored struct {
	Attempt reports.Attempt
	Job     *rules.Job // what the engine recorded; nil where it did not come so far
}

// Evidence is what was observed in one attempt.
type Evidence struct {
	// Facts are the files of evidence as they were written, a line a snapshot:
	// reports.ReadSnapshots reads them. A checkpoint that was not reached is not
	// there.
	Facts map[facts.Checkpoint][]byte
	// Job is job.json as it was written.
	Job []byte
	// Omitted names what was too large to be stored: it is in the run's directory.
	Omitted []string
	// Transcript is the engine's own account; what was left out is marked.
	Transcript []byte
}

// A Filter chooses rows. Zero fields choose all.
type Filter struct {
	Benchmarks []string // their IDs
	Scenarios  []string // keys
	Since      time.Time
	// Of runs. Before is an ID: those that come before it by name.
	Before, Engine, Provider string
	// Latest is the most benchmarks that count, the latest ones; zero: all.
	Latest int
}

// A Cell counts the attempts of one run at one scenario that had one outcome,
// by the run's own verdict; not those that were made again.
type Cell struct {
	Benchmark, Scenario string
	Outcome             rules.Outcome
	Attempts            int
	Score               float64 // the sum of their compliance scores
	Compliant           int     // those that kept every compliance rule
}
