package page

import (
	"context"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/benchtest/stats"
	"github.com/benchtest-dev/benchtest/reports"
)

// A Source has what pages show. Methods may be called concurrently; what is
// not there is fs.ErrNotExist.
type Source interface {
	// Outlines lists runs, newest first.
	Outlines(ctx context.Context, f Filter) ([]Outline, error)
	// Run is one run whole, but for the evidence of its attempts.
	Run(ctx context.Context, id string) (Run, error)
	// Attempt is the whole record of one attempt.
	Attempt(ctx context.Context, runID, key string, iteration int) (reports.Attempt, error)
	// Evidence is what an attempt left beside its record.
	Evidence(ctx context.Context, a reports.Attempt) (Evidence, error)
}

// A Filter chooses runs. The zero value chooses all.
type Filter struct {
	Before   string // a run ID: only older ones; empty: all
	Engine   string
	Provider string
	Limit    int // at most so many; 0: no limit
}

// An Outline is a run as an overview shows it.
type Outline struct {
	RunID    string
	Started  time.Time
	Finished time.Time // zero: it did not finish
	Provider string
	Engine   string
	Model    string
	Exit     int
	// Scenarios is sorted by key.
	Scenarios []Cell
}

// A Cell is how one scenario did in one run.
type Cell struct {
	stats.Scenario
	// Compliant counts the scored attempts that kept every compliance rule.
	Compliant int
	// Worst is the outcome that a person should know of: the first by precedence.
	Worst rules.Outcome
	// Digest is the scenario's, in hex; empty where it is not known.
	Digest string
}

// A Run is one run whole.
type Run struct {
	Info     reports.RunInfo
	Finished time.Time // zero: it did not finish
	Exit     int
	// Reason is why it was cut short.
	Reason string
	// Attempts are all of them. Those that were made again (Attempt.Remade) are
	// history, and counted nowhere.
	Attempts []reports.Attempt
	Spans    []Span
}

// A Span is the time in which the machines of one attempt were in use.
type Span struct {
	Key       string
	Iteration int
	// From admission on. Worked is when engine and hold were over, which frees
	// vCPU; Until is when the machines were gone, which frees memory.
	From, Worked, Until time.Time
}

// Evidence is what an attempt left beside its record.
type Evidence struct {
	Job rules.Job
	// Transcript is the end of the engine's own account, and TranscriptSkipped
	// counts the bytes before that.
	Transcript        string
	TranscriptSkipped int64
	// Problem says what could not be read.
	Problem string
}
