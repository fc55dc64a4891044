package benchtest

import (
	"context"
	"fmt"
	"hash/fnv"
	"os"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/term"

	"github.com/benchtest-dev/benchtest/fixtures"
)

// settle is how long the first attempt waits for the others to come, so that
// the longest goes first; go test starts them all within milliseconds.
const settle = 20 * time.Millisecond

// openFixtures makes the journal, the janitor, the budget and the pool.
func (s *suite) openFixtures(ctx context.Context) error {
	journal, err := fixtures.OpenJournal(s.home)
	if err != nil {
		return err
	}
	run := s.runner.Record.ID
	janitor, err := fixtures.StartJanitor(ctx, fixtures.JanitorConfig{Binary: s.runner.Binary, Home: s.home, Run: run})
	if err != nil {
		return err
	}
	s.undo = append(s.undo, janitor.Close)
	history, err := fixtures.OpenHistory(s.home)
	if err != nil {
		return err
	}
	capacity, err := fixtures.HostCapacity(s.set.concurrencyFactor)
	if err != nil {
		return err
	}
	admission, err := fixtures.NewAdmission(fixtures.AdmissionConfig{
		Journal: journal, Run: run, Capacity: capacity,
		Cap:           fixtures.Capacity{MemoryMiB: int(s.set.ramCap * 1024), VCPU: int(s.set.cpuCap)},
		MaxConcurrent: s.set.maxConcurrent, Order: s.order(), Settle: settle,
	})
	if err != nil {
		return err
	}
	s.runner.Journal, s.runner.History, s.runner.Admission = journal, history, admission
	s.runner.Pool = fixtures.NewPool(ctx, fixtures.PoolConfig{
		Provider: s.runner.Provider, ProviderName: s.provider, Journal: journal, Admission: admission, Run: run,
		Ready: s.runner.ReadyFunc(), MaxIdle: idle(s.set.poolIdle),
		ReplenishDelay: s.set.replenishDelay, Rate: s.set.replenishRate, Log: s.runner.Log,
	})
	s.undo = append(s.undo, s.runner.Pool.Close)
	return nil
}

// idle is the pool's word for a number of clones: there, none is negative.
func idle(n int) int {
	if n == 0 {
		return -1
	}
	return n
}

// order is who is admitted first; nil is the longest.
func (s *suite) order() func(a, b fixtures.Request) int {
	switch s.set.order {
	case "key":
		return func(a, b fixtures.Request) int { return strings.Compare(a.ID, b.ID) }
	case "shuffle":
		seed := s.runner.Seed
		place := func(id string) uint64 {
			h := fnv.New64a()
			_, _ = fmt.Fprint(h, seed, id) // a hash never fails to write
			return h.Sum64()
		}
		return func(a, b fixtures.Request) int {
			if place(a.ID) < place(b.ID) {
				return -1
			}
			return 1
		}
	}
	return nil
}

// buildTemplates builds what the chosen scenarios need and is not there.
func (s *suite) buildTemplates(ctx context.Context) error {
	cache := fixtures.NewTemplateCache(s.runner.Provider, progress())
	var wg errgroup.Group
	seen := map[string]bool{}
	for _, sc := range s.sel.chosen {
		for _, h := range sc.Hosts {
			if seen[h.Template] || h.Template == "" {
				continue
			}
			seen[h.Template] = true
			tmpl, err := s.catalog.Get(h.Template)
			if err != nil {
				return err
			}
			wg.Go(func() error { return cache.EnsureBuilt(ctx, tmpl) })
		}
	}
	return wg.Wait()
}

// warmUp tells the pool what will be asked for.
func (s *suite) warmUp(context.Context) error { return nil }

// progress is where the building of templates is shown: the terminal, which go
// test hides from our standard output, else standard error.
func progress() fixtures.Progress {
	if tty, err := os.OpenFile("/dev/tty", os.O_WRONLY, 0); err == nil {
		return fixtures.Progress{W: tty, Terminal: term.IsTerminal(int(tty.Fd()))}
	}
	return fixtures.Progress{W: os.Stderr}
}
