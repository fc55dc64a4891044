package main

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/benchtest-dev/benchtest/fixtures"
)

// admissions is how many attempts are admitted for one bar, in suites.
const admissions = 100_000

// A workload is suites of random attempts on one machine. Most attempts are
// short and a few take very long, and what history expects of them is off by a
// third.
type workload struct {
	attempts int // of one suite
	machine  fixtures.Capacity
	demand   func(*rand.Rand) fixtures.Demand
}

// oneDimension is a machine of four slots.
func oneDimension() workload {
	return workload{50, fixtures.Capacity{VCPU: 4}, func(*rand.Rand) fixtures.Demand { return fixtures.Demand{VCPU: 1} }}
}

// twoDimensions is a machine of 8 vCPU and 16 GiB.
func twoDimensions() workload {
	return workload{100, fixtures.Capacity{VCPU: 8, MemoryMiB: 16 << 10}, func(r *rand.Rand) fixtures.Demand {
		return fixtures.Demand{VCPU: 1 + r.IntN(4), MemoryMiB: 512 * (1 + r.IntN(12))}
	}}
}

// A schedule is what became of all suites of a workload under one order.
type schedule struct {
	ratios []float64     // makespan over the lower bound, a suite each
	total  time.Duration // of all makespans
	over   int           // attempts at whose beginning the machine was over its budget
}

// run simulates every suite under cfg's order. The same seed makes the same
// suites.
func (w workload) run(cfg fixtures.AdmissionConfig) schedule {
	cfg.Capacity = w.machine
	var s schedule
	r := rand.New(rand.NewPCG(1, 2))
	for range admissions / w.attempts {
		reqs := make([]fixtures.Request, w.attempts)
		truth := map[string]time.Duration{}
		for i := range reqs {
			key := strconv.Itoa(i)
			truth[key] = time.Duration(float64(time.Minute) * math.Exp(r.NormFloat64()))
			expected := time.Duration(float64(truth[key]) * math.Exp(0.3*r.NormFloat64()))
			reqs[i] = fixtures.Request{ID: key, Key: key, Demand: w.demand(r), Expected: expected}
		}
		slots := fixtures.Simulate(cfg, reqs, func(q fixtures.Request) time.Duration { return truth[q.Key] })
		took := makespan(slots)
		s.total += took
		s.ratios = append(s.ratios, took.Seconds()/w.lowerBound(slots).Seconds())
		s.over += w.overBudget(slots)
	}
	slices.Sort(s.ratios)
	return s
}

func makespan(slots []fixtures.Slot) time.Duration {
	last := slices.MaxFunc(slots, func(a, b fixtures.Slot) int { return cmp.Compare(a.End, b.End) })
	return last.End
}

// lowerBound is what no schedule can beat: the longest attempt, or the machine
// full all the time.
func (w workload) lowerBound(slots []fixtures.Slot) time.Duration {
	var longest, vcpu, memory float64
	for _, s := range slots {
		took := float64(s.End - s.Begin)
		longest = max(longest, took)
		vcpu += took * float64(s.Request.Demand.VCPU)
		memory += took * float64(s.Request.Demand.MemoryMiB)
	}
	bound := max(longest, vcpu/float64(w.machine.VCPU))
	if w.machine.MemoryMiB > 0 {
		bound = max(bound, memory/float64(w.machine.MemoryMiB))
	}
	return time.Duration(bound)
}

// overBudget counts, from the slots alone, the attempts at whose beginning the
// machine held more than it has.
func (w workload) overBudget(slots []fixtures.Slot) int {
	over := 0
	for _, now := range slots {
		var use fixtures.Demand
		for _, s := range slots {
			if s.Begin <= now.Begin && now.Begin < s.End {
				use = use.Plus(s.Request.Demand)
			}
		}
		if use.VCPU > w.machine.VCPU || w.machine.MemoryMiB > 0 && use.MemoryMiB > w.machine.MemoryMiB {
			over++
		}
	}
	return over
}

// The orders that are compared: ours, and first come, first served in the
// order of declaration, where nobody passes anybody.
func ours() fixtures.AdmissionConfig { return fixtures.AdmissionConfig{} }

func declared() fixtures.AdmissionConfig {
	return fixtures.AdmissionConfig{Order: func(fixtures.Request, fixtures.Request) int { return 0 }, MaxPasses: -1}
}

// measureAdmission simulates the admission of both workloads in our order and
// in that of declaration.
func measureAdmission(context.Context) ([]reading, error) {
	one, oneControl := oneDimension().run(ours()), oneDimension().run(declared())
	two, twoControl := twoDimensions().run(ours()), twoDimensions().run(declared())
	gain1, gain2 := one.gain(oneControl), two.gain(twoControl)
	return []reading{
		{
			value: float64(one.over + two.over), n: 2 * admissions, spread: "none",
			detail: "admissions over budget, recounted from when each attempt began and ended",
		},
		one.reading(oneControl), two.reading(twoControl),
		{
			value: min(gain1, gain2), n: 2 * admissions, spread: fmt.Sprintf("one dimension %.4g%%, two %.4g%%", gain1, gain2),
			detail: "less time, over all suites, than in order of declaration",
		},
	}, nil
}

// reading is the mean makespan over the lower bound, beside a control's.
func (s schedule) reading(control schedule) reading {
	return reading{
		value: s.mean(), n: admissions, spread: fmt.Sprintf("p5 %.4g, p95 %.4g", s.quantile(0.05), s.quantile(0.95)),
		detail: fmt.Sprintf("makespan over the lower bound; in order of declaration %.4g", control.mean()),
	}
}

// gain is how much less time s takes than control, in percent.
func (s schedule) gain(control schedule) float64 {
	return 100 * (1 - s.total.Seconds()/control.total.Seconds())
}

func (s schedule) quantile(q float64) float64 {
	return s.ratios[min(len(s.ratios)-1, int(q*float64(len(s.ratios))))]
}

// mean gives every suite one vote.
func (s schedule) mean() float64 {
	var sum float64
	for _, r := range s.ratios {
		sum += r
	}
	return sum / float64(len(s.ratios))
}
