package engines_test

import (
	"context"
	"testing"
	"testing/fstest"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/engines"
	"github.com/benchtest-dev/benchtest/benchtest/engines/enginetest"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/benchtest/scenario"
)

// shown gives the oracle a solution, as the attempt does.
type shown struct{ engines.Solver }

func (s shown) Work(ctx context.Context, w engines.Work) (rules.Job, error) {
	w.Solution = fstest.MapFS{"solve.sh": {Data: []byte("echo fixed\n")}}
	w.Solve = scenario.Step{Shell: "solve.sh"}
	return s.Solver.Work(ctx, w)
}

func TestConformance(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		engine engines.Engine
		body   string
	}{
		{"oracle", shown{}, "fix it"},
		{"oracle without a fix", engines.Solver{}, "fix it"},
		{"noop", engines.Noop{}, "fix it"},
		{"mock", engines.Mock{}, "fix it\n```sh\necho fixed\n```"},
		{"mock without a block", engines.Mock{}, "fix it"},
		{"command", &engines.Command{Argv: []string{"cat"}, Grace: time.Second}, "fix it"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			enginetest.Run(t, tt.engine, tt.body)
		})
	}
}
