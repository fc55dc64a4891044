package attempt_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/benchtest-dev/benchtest/benchtest/scenario"
	"github.com/benchtest-dev/benchtest/providers"
)

// slow is a provider of slow machines.
type slow struct{ providers.Provider }

func (slow) Pace() float64 { return 4 }

// What the guest does may take longer at a slow provider; the engine's time is
// its own.
func TestLimitsArePaced(t *testing.T) {
	t.Parallel()
	s := &scenario.Scenario{Timeouts: scenario.Timeouts{
		Ready: time.Second, Prepare: 2 * time.Second, Engine: 3 * time.Second, Hold: 4 * time.Second, Release: 5 * time.Second,
	}}
	h := newHarness(t, nil)
	assert.Equal(t, 15*time.Second, h.Expected(s))
	h.Provider = slow{h.Provider}
	assert.Equal(t, (4*12+3)*time.Second, h.Expected(s))
}
