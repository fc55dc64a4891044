package benchtest

import (
	"os"
	"strconv"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/scenario"
	"github.com/benchtest-dev/benchtest/fixtures"
)

// A load is what the attempts at one scenario ask of the machine.
type load struct {
	attempts int
	each     time.Duration // what one is expected to take; zero: not known
	demand   fixtures.Demand
}

// forecast is how long the loads take at the very least within the budget, at
// most so many at a time (0: any number): as if they could be cut into pieces
// that leave no gap.
func forecast(loads []load, c fixtures.Capacity, maxConcurrent int) time.Duration {
	var least, total, memory, vcpu float64 // in nanoseconds, times what is held so long
	for _, l := range loads {
		all := float64(l.each) * float64(l.attempts)
		least = max(least, float64(l.each))
		total += all
		memory += all * float64(l.demand.MemoryMiB)
		vcpu += all * float64(l.demand.VCPU)
	}
	share := func(sum float64, of int) {
		if of > 0 {
			least = max(least, sum/float64(of))
		}
	}
	share(memory, c.MemoryMiB)
	share(vcpu, c.VCPU)
	share(total, maxConcurrent)
	return time.Duration(least)
}

// warnOfTime says at the start what the history foresees: that the time will
// not do. Scenarios that never ran count as nothing.
func (s *suite) warnOfTime() {
	if s.deadline.IsZero() {
		return
	}
	needed, left := forecast(s.loads(), smaller(s.capacity, s.set.caps()), s.set.maxConcurrent), time.Until(s.deadline)
	if needed <= left {
		return
	}
	tell(os.Stderr, "benchtest: warning: by their history the chosen attempts take %s at least, and there are %s: those that do not fit will be errored: run with -timeout 0",
		needed.Round(time.Second), left.Round(time.Second))
}

// loads are the chosen scenarios with what is known of them.
func (s *suite) loads() []load {
	loads := make([]load, 0, len(s.sel.chosen))
	for _, sc := range s.sel.chosen {
		each, _ := s.runner.History.Expected(sc.Key)
		loads = append(loads, load{attempts: s.rounded(), each: each, demand: s.demand(sc)})
	}
	return loads
}

// rounded is how many attempts there are at a scenario, in all rounds.
func (s *suite) rounded() int {
	rounds, err := strconv.Atoi(flagValue(s.flags, "test.count"))
	if err != nil {
		rounds = 1
	}
	return rounds * s.set.iter
}

// demand is what one attempt at sc reserves.
func (s *suite) demand(sc *scenario.Scenario) fixtures.Demand {
	var d fixtures.Demand
	for _, h := range sc.Hosts {
		if t, err := s.catalog.Get(h.Template); err == nil {
			d = d.Plus(fixtures.Want{Template: t}.Demand())
		}
	}
	return d
}

// smaller is c within cap, of which a dimension that is 0 says nothing.
func smaller(c, limit fixtures.Capacity) fixtures.Capacity {
	if limit.MemoryMiB > 0 {
		c.MemoryMiB = min(c.MemoryMiB, limit.MemoryMiB)
	}
	if limit.VCPU > 0 {
		c.VCPU = min(c.VCPU, limit.VCPU)
	}
	return c
}
