package attempt_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/benchtest-dev/benchtest/benchtest/engines"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

// An attempt whose machine was cut off while its engine worked says nothing of
// the engine, be it fixed or not; what was before the engine does not matter.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		before bool
		engine engines.Engine
		want   rules.Outcome
	}{
		{"and fixed", false, engines.Solver{}, rules.Errored},
		{"and not fixed", false, engines.Noop{}, rules.Errored},
		{"before the engine", true, engines.Solver{}, rules.Passed},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			start := time.Now()
			h := newHarness(t, func(h *harness) {
				h.Engine = tc.engine
				h.options.Interrupted = func(since time.Time) error {
					if tc.before && since.After(start) {
						return nil
					}
					return errors.New("the daemon was away")
				}
			})
			rec, log := h.run(load(t, nil))
			assert.Equal(t, tc.want, rec.Outcome, "%s\n%s", rec.Reason, log)
			if tc.want == rules.Errored {
				assert.Contains(t, rec.Reason, "the daemon was away")
			}
		})
	}
}
