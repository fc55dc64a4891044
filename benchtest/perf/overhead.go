package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// What is measured on the fake provider.
const (
	overheadScenarios = 200
	overheadRounds    = 5
	makespanScenarios = 200
	makespanRounds    = 2
	makespanSlots     = 8
	makespanWork      = time.Second
	inFlight          = 100
)

// measureOverhead is what a scenario costs more than a bare t.Run, one after
// the other.
func measureOverhead(ctx context.Context) (r []reading, err error) {
	s, err := openFakeSuite(ctx, overheadScenarios)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.remove()) }()
	test := func(name string) timed {
		return func(ctx context.Context) (time.Duration, error) {
			run, err := s.run(ctx, name, 0, "-benchtest.max-concurrent=1")
			return run.took / overheadScenarios, err
		}
	}
	a, b, err := pairs(ctx, overheadRounds, test("Test_fake"), test("TestBare"))
	if err != nil {
		return nil, err
	}
	return []reading{{
		value: (a.median() - b.median()).Seconds() * 1e3, n: len(a),
		spread: fmt.Sprintf("%s..%s", show(a.quantile(0)-b.median()), show(a.quantile(1)-b.median())),
		detail: fmt.Sprintf("a scenario %s, a bare t.Run %s, each of %d", a, b, overheadScenarios),
	}}, nil
}

// measureFakeMakespan is how much longer than the ideal the suite takes. The
// ideal is the work divided by the slots; a slot is a vCPU.
func measureFakeMakespan(ctx context.Context) (r []reading, err error) {
	s, err := openFakeSuite(ctx, makespanScenarios)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.remove()) }()
	ideal := makespanWork * makespanScenarios / makespanSlots
	var took sample
	for range makespanRounds {
		run, err := s.run(ctx, "Test_fake", makespanWork, fmt.Sprintf("-benchtest.cpu-cap=%d", makespanSlots))
		if err != nil {
			return nil, err
		}
		took = append(took, run.took)
	}
	over := func(d time.Duration) float64 { return 100 * (d.Seconds()/ideal.Seconds() - 1) }
	return []reading{{
		value: over(took.median()), n: len(took), spread: fmt.Sprintf("%.3g%%..%.3g%%", over(took.quantile(0)), over(took.quantile(1))),
		detail: fmt.Sprintf("%d scenarios of %s on %d slots %s, ideal %s", makespanScenarios, makespanWork, makespanSlots, took, show(ideal)),
	}}, nil
}

// measureMemory is the most memory that the test binary has had with many
// attempts in flight, beside the same with one at a time.
func measureMemory(ctx context.Context) (r []reading, err error) {
	s, err := openFakeSuite(ctx, inFlight)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.remove()) }()
	const rounds = 3
	var many, one []float64
	for range rounds {
		const work = 5 * time.Second
		run, err := s.run(ctx, "Test_fake", work)
		if err != nil {
			return nil, err
		}
		if run.took >= 2*work { // then the last may have begun when the first was done
			return nil, fmt.Errorf("%d attempts did not run at once: it took %s", inFlight, run.took)
		}
		many = append(many, float64(run.memory)/1e6)
		run, err = s.run(ctx, "Test_fake", 0, "-benchtest.max-concurrent=1")
		if err != nil {
			return nil, err
		}
		one = append(one, float64(run.memory)/1e6)
	}
	return []reading{{
		value: highest(many), n: rounds, spread: fmt.Sprintf("%.4gMB..%.4gMB", lowest(many), highest(many)),
		detail: fmt.Sprintf("most resident memory with %d attempts in flight, fake machines included; one at a time %.4gMB", inFlight, middle(one)),
	}}, nil
}
