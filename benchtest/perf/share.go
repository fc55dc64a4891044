package main

import (
	"context"
	"errors"
	"fmt"
)

// shareRounds is even, so that each side goes first as often as the other.
const shareRounds = 4

// measureShare is how much longer a suite takes when its record goes into the
// database, in percent: the whole process, since what is left is written at its
// end. The control is the suite without a database, and how far its runs lie
// apart. What the writing costs the processor is told beside it: that is work
// behind the attempts' backs.
func measureShare(ctx context.Context) (r []reading, err error) {
	s, err := openFakeSuite(ctx, makespanScenarios)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.remove()) }()
	var with, without, cpu []float64
	for i := range shareRounds {
		dbs := []string{"none", "sqlite://" + s.home + fmt.Sprintf("/share-%d.db", i)}
		var runs [2]suiteRun
		for j := range dbs {
			which := (i + j) % 2 // each is the first in every second round
			if runs[which], err = s.run(ctx, "Test_fake", makespanWork, fmt.Sprintf("-benchtest.cpu-cap=%d", makespanSlots), "-benchtest.db="+dbs[which]); err != nil {
				return nil, err
			}
		}
		without, with = append(without, runs[0].wall.Seconds()), append(with, runs[1].wall.Seconds())
		cpu = append(cpu, (runs[1].cpu - runs[0].cpu).Seconds())
	}
	base := mean(without)
	share := make([]float64, shareRounds)
	for i := range share {
		share[i] = 100 * (with[i] - without[i]) / base
	}
	return []reading{{
		value: center(share), n: shareRounds, spread: fmt.Sprintf("%.3g%%..%.3g%%", lowest(share), highest(share)),
		detail: fmt.Sprintf("wall time of the process, %d fake scenarios of %s on %d slots, with SQLite %.4gs, with none %.4gs, whose runs lie %.3g%% apart; processor time %.3g%% of the wall time",
			makespanScenarios, makespanWork, makespanSlots, mean(with), base, 100*(highest(without)-lowest(without))/base, 100*mean(cpu)/base),
	}}, nil
}
