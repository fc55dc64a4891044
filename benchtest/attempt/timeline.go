package attempt

import (
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

// timeline says when the machine was first well, since the engine started, and
// for how long the engine took away what held before. Both are read off the
// samples and so true to their interval.
func (t *try) timeline() (firstFixed *time.Duration, downtime time.Duration) {
	states, readings := t.readings()
	if d, ever := rules.FirstFixed(states, readings); ever {
		firstFixed = &d
	}
	var faulted []rules.Status
	for _, rh := range t.onHosts() {
		h := t.host(rh.host)
		faulted = append(faulted, rh.rule.HoldsAt(h.at[facts.Faulted], h.at).Status)
	}
	return firstFixed, rules.Downtime(states, faulted, readings, t.rec.Phases.Engine)
}

// readings are the samples of the engine's and hold's windows, all hosts' side
// by side, counted from the engine's start. Hosts are asked together, so the
// n-th samples of all belong together.
func (t *try) readings() ([]rules.State, []rules.Reading) {
	on := t.onHosts()
	states := make([]rules.State, len(on))
	for i, rh := range on {
		states[i] = *rh.rule
	}
	if len(t.hosts) == 0 {
		return states, nil
	}
	var readings []rules.Reading
	for n := range t.series(t.hosts[0]) {
		var reading rules.Reading
		for _, rh := range on {
			h := t.host(rh.host)
			series := t.series(h)
			if n >= len(series) {
				return states, readings
			}
			reading.Since = t.rec.Phases.Engine + series[n].Since
			reading.Status = append(reading.Status, rh.rule.HoldsAt(series[n], h.at).Status)
		}
		readings = append(readings, reading)
	}
	return states, readings
}

// series is everything observed of a host since the engine started.
func (t *try) series(h *host) []facts.Snapshot {
	all := append([]facts.Snapshot{}, h.work...)
	if s, ok := h.at[facts.After]; ok {
		all = append(all, s)
	}
	all = append(all, h.hold...)
	if s, ok := h.at[facts.Held]; ok {
		all = append(all, s)
	}
	return all
}
