package benchtest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/benchtest-dev/benchtest/fixtures"
)

func TestForecast(t *testing.T) {
	t.Parallel()
	one := fixtures.Demand{MemoryMiB: 1024, VCPU: 1}
	machine := fixtures.Capacity{MemoryMiB: 8192, VCPU: 2}
	for _, tc := range []struct {
		name  string
		loads []load
		c     fixtures.Capacity
		most  int
		want  time.Duration
	}{
		{"nothing known is nothing foreseen", []load{{attempts: 5, demand: one}}, machine, 0, 0},
		{"the longest is the least", []load{{1, time.Minute, one}, {1, time.Second, one}}, machine, 0, time.Minute},
		{"vCPU is short", []load{{6, time.Minute, one}}, machine, 0, 3 * time.Minute},
		{"memory is short", []load{{6, time.Minute, fixtures.Demand{MemoryMiB: 8192, VCPU: 1}}}, machine, 0, 6 * time.Minute},
		{"a cap on attempts", []load{{6, time.Minute, one}}, machine, 1, 6 * time.Minute},
		{"what has no limit is not short", []load{{6, time.Minute, one}}, fixtures.Capacity{}, 0, time.Minute},
		{"a year of large machines does not overflow", []load{{1000, 9 * time.Hour, fixtures.Demand{MemoryMiB: 1 << 20}}}, fixtures.Capacity{MemoryMiB: 1 << 20}, 0, 9000 * time.Hour},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tc.want, forecast(tc.loads, tc.c, tc.most).Round(time.Second))
		})
	}
}

func TestCaps(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name     string
		ram, cpu float64
		want     fixtures.Capacity
	}{
		{"none", 0, 0, fixtures.Capacity{}},
		{"whole", 16, 4, fixtures.Capacity{MemoryMiB: 16384, VCPU: 4}},
		{"a part is no absence of a cap", 0.0001, 0.5, fixtures.Capacity{MemoryMiB: 1, VCPU: 1}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := settings{ramCap: tc.ram, cpuCap: tc.cpu}
			assert.Equal(t, tc.want, s.caps())
		})
	}
}
