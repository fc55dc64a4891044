package main

import (
	"context"
	"errors"
	"fmt"
)

// shareRounds is odd: of an even number there is no middle.
const shareRounds = 3

// measureShare is how much longer a suite takes when its record goes into the
// database, in percent. The control is the suite without one. What the writing
// costs the processor is told beside it: that is work behind the attempts' backs.
func measureShare(ctx context.Context) (r []reading, err error) {
	s, err := openFakeSuite(ctx, makespanScenarios)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.remove()) }()
	var share, cpu []float64
	for i := range shareRounds {
		dbs := []string{"none", "sqlite://" + s.home + fmt.Sprintf("/share-%d.db", i)}
		var runs [2]suiteRun
		for j := range dbs {
			which := (i + j) % 2 // each is the first in every second round
			if runs[which], err = s.run(ctx, "Test_fake", makespanWork, fmt.Sprintf("-benchtest.cpu-cap=%d", makespanSlots), "-benchtest.db="+dbs[which]); err != nil {
				return nil, err
			}
		}
		without, with := runs[0], runs[1]
		share = append(share, 100*(with.took.Seconds()/without.took.Seconds()-1))
		cpu = append(cpu, 100*(with.cpu-without.cpu).Seconds()/without.took.Seconds())
	}
	return []reading{{
		value: middle(share), n: shareRounds, spread: fmt.Sprintf("%.3g%%..%.3g%%", lowest(share), highest(share)),
		detail: fmt.Sprintf("wall time of %d fake scenarios of %s on %d slots with SQLite, against none; processor time %.3g%% of the wall time", makespanScenarios, makespanWork, makespanSlots, middle(cpu)),
	}}, nil
}
