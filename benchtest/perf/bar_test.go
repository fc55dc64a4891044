package main

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/fixtures"
)

func TestRun(t *testing.T) {
	t.Parallel()
	says := func(value float64, err error) func(context.Context) ([]reading, error) {
		return func(context.Context) ([]reading, error) {
			return []reading{{value: value, n: 3, spread: "1..2", detail: "a 1ms, b 2ms"}}, err
		}
	}
	most, least := []bar{{bound: 5, unit: "ms"}}, []bar{{bound: 10, unit: "%", atLeast: true}}
	for _, tc := range []struct {
		name  string
		gauge gauge
		o     options
		code  int
		want  string
	}{
		{"at the bound is ok", gauge{"x", most, says(5, nil)}, options{}, 0, "x value=5ms bound=5ms ok (n=3, spread=1..2, a 1ms, b 2ms)\n"},
		{"above it is short", gauge{"x", most, says(5.1, nil)}, options{}, 1, "x value=5.1ms bound=5ms SHORT (n=3, spread=1..2, a 1ms, b 2ms)\n"},
		{"below a least is short", gauge{"x", least, says(9.9, nil)}, options{}, 1, "x value=9.9% bound=10% SHORT (n=3, spread=1..2, a 1ms, b 2ms)\n"},
		{"what broke is short", gauge{"x", most, says(1, errors.New("no disk"))}, options{}, 1, "x bound=5ms SHORT no disk\n"},
		{"what lacks something is skipped", gauge{"x", most, says(1, skip{"run as root"})}, options{}, 0, "x skipped: run as root\n"},
		{"unless it is required", gauge{"x", most, says(1, skip{"run as root"})}, options{require: []string{"x"}}, 1, "x bound=5ms SHORT skipped: run as root\n"},
		{"a reading that is missing is short", gauge{"x", append(most, least...), says(1, nil)}, options{}, 1, "x bound=5ms SHORT 1 readings for 2 bars\nx bound=10% SHORT 1 readings for 2 bars\n"},
		{"a name that nothing has", gauge{"x", most, says(1, nil)}, options{only: []string{"y"}}, 2, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var out, errOut bytes.Buffer
			assert.Equal(t, tc.code, run(t.Context(), &out, &errOut, []gauge{tc.gauge}, tc.o))
			assert.Equal(t, tc.want, out.String())
		})
	}
}

func TestPairsTakeTurns(t *testing.T) {
	t.Parallel()
	var order strings.Builder
	say := func(name string, d time.Duration) timed {
		return func(context.Context) (time.Duration, error) {
			order.WriteString(name)
			return d, nil
		}
	}
	a, b, err := pairs(t.Context(), 3, say("A", 3*time.Millisecond), say("B", 2*time.Millisecond))
	require.NoError(t, err)
	assert.Equal(t, "ABBAAB", order.String())
	value, _ := ratio(a, b)
	assert.InDelta(t, 1.5, value, 1e-9)
}

// The recount of what the schedules hold must find a machine that is too full.
func TestOverBudgetIsSeen(t *testing.T) {
	t.Parallel()
	w := oneDimension()
	slots := make([]fixtures.Slot, w.machine.VCPU+1)
	for i := range slots {
		slots[i].Request.Demand.VCPU, slots[i].End = 1, time.Second
	}
	assert.Zero(t, w.overBudget(slots[1:]))
	assert.Equal(t, len(slots), w.overBudget(slots))
}
