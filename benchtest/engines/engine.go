// Package engines holds the systems under test: an Engine works a ticket on
// the hosts of one attempt and leaves a job record.
package engines

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/engines/isolate"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/benchtest/scenario"
	"github.com/benchtest-dev/benchtest/providers"
)

// An Engine works tickets. One Engine works many, concurrently.
type Engine interface {
	// Name is the word after -benchtest.engine=.
	Name() string
	// Work works the ticket until it is done or ctx ends, which is at the
	// ticket's deadline. A job that went badly is a Job with its resolution; an
	// error means that the engine could not work at all. An error that wraps
	// ErrNotStarted says so before the first action.
	Work(ctx context.Context, w Work) (rules.Job, error)
}

// ErrNotStarted marks an engine that could not start, or lost its model
// service, before its first action: the attempt is errored and not scored.
var ErrNotStarted = errors.New("engine did not start")

// Ticket is the ask.
type Ticket struct {
	ID, Title, Body string
}

// Work is what an engine gets for one attempt. Nothing in it outlives Work.
type Work struct {
	Ticket    Ticket
	RunID     string
	Attempt   string // "nginx/001-broken-config/i1"
	Hosts     []string
	Agents    []scenario.Agent
	Deadline  time.Time
	SSHConfig string // path of an OpenSSH client configuration, through the bastion
	Dir       string // an empty directory of the engine's own, removed afterwards
	// Sandboxes reach the hosts as the user agent, through the bastion: what
	// runs here is observed.
	Sandboxes map[string]providers.Runner
	// TraceParent and TraceState are W3C's trace context of the span below which
	// the engine's own belong; empty where nobody collects spans.
	TraceParent, TraceState string
	// Transcript takes the engine's own account as it comes (JSON Lines where it is that).
	Transcript io.Writer
	// Log takes what helps a person to understand a failure.
	Log io.Writer
	// Solution is the scenario's directory, for the oracle alone: nil for every
	// engine that does not implement Oracle.
	Solution fs.FS
	Solve    scenario.Step
	// Observe records a command that the engine ran where the bastion cannot
	// see single commands (the oracle's traced ones).
	Observe func(rules.Command)
	// Cell confines the program of a Launcher on the driver; nil confines nothing.
	Cell *isolate.Cell
	// Isolated is told what confines the engine on the driver, once, before it
	// starts; "none" where nothing does. It may be nil.
	Isolated func(by string)
}

// A Launcher is an Engine that starts a program of somebody else's on the
// driver: it is given a Cell, and runs it by Cell.Wrap.
type Launcher interface {
	Engine
	// Launches says that it does.
	Launches()
}

// An Oracle is an Engine that is shown the reference fix.
type Oracle interface {
	Engine
	ShownSolution()
}
