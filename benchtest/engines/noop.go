package engines

import (
	"context"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

// Noop is the engine noop, which does nothing: what passes with it passes
// without an engine.
type Noop struct{}

// Name is "noop".
func (Noop) Name() string { return "noop" }

// Work returns a job without tasks.
func (Noop) Work(context.Context, Work) (rules.Job, error) {
	return rules.Job{Resolution: rules.NoAction}, nil
}
