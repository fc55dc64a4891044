package benchtest

import (
	"context"
	"math"
	"time"

	"github.com/benchtest-dev/benchtest/fixtures"
)

// settle is how long the first attempt waits for the others to come, so that
// the longest goes first; go test starts them all within milliseconds.
const settle = 50 * time.Millisecond

// openFixtures makes the journal, the janitor, the budget and the pool.
func (s *suite) openFixtures(ctx context.Context, run string) error {
	var err error
	if s.runner.Journal, err = fixtures.OpenJournal(s.home); err != nil {
		return err
	}
	janitor, err := fixtures.StartJanitor(ctx, fixtures.JanitorConfig{Binary: s.runner.Binary, Home: s.home, Run: run, Provider: s.provider})
	if err != nil {
		return err
	}
	s.undo = append(s.undo, janitor.Close)
	if s.runner.History, err = fixtures.OpenHistory(s.home); err != nil {
		return err
	}
	if s.runner.Admission, err = s.newAdmission(run); err != nil {
		return err
	}
	s.runner.Pool = fixtures.NewPool(ctx, fixtures.PoolConfig{
		Provider: s.runner.Provider, ProviderName: s.provider, Journal: s.runner.Journal, Admission: s.runner.Admission, Run: run,
		Build: s.templates().EnsureBuilt, Ready: s.runner.ReadyFunc(), MaxIdle: idle(s.set.poolIdle),
		ReplenishDelay: s.set.replenishDelay, Rate: s.set.replenishRate, Reset: s.set.reset == "snapshot", Log: s.runner.Log,
	})
	s.undo = append(s.undo, s.runner.Pool.Close)
	return nil
}

// newAdmission makes the budget out of the machine and the flags.
func (s *suite) newAdmission(run string) (*fixtures.Admission, error) {
	order, err := fixtures.ParseOrder(s.set.order, s.runner.Seed)
	if err != nil {
		return nil, err
	}
	return fixtures.NewAdmission(fixtures.AdmissionConfig{
		Journal: s.runner.Journal, Run: run, Capacity: s.capacity, Cap: s.set.caps(),
		MaxConcurrent: s.set.maxConcurrent, Order: order, Settle: settle,
	})
}

// caps are ram-cap and cpu-cap. Parts of a MiB or a vCPU count whole, since
// zero would mean no cap.
func (s *settings) caps() fixtures.Capacity {
	return fixtures.Capacity{MemoryMiB: int(math.Ceil(s.ramCap * 1024)), VCPU: int(math.Ceil(s.cpuCap))}
}

// idle is the pool's word for a number of clones: there, none is negative.
func idle(n int) int {
	if n == 0 {
		return -1
	}
	return n
}
