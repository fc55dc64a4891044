package attempt

import (
	"context"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

// holdWindow watches the machines after the engine ended: a repair must come
// true in time and stay true. It ends early once every rule is decided.
func (t *try) holdWindow(ctx context.Context) error {
	t.observe(ctx, facts.After, true)
	window, every := rules.Window(t.sc.State)
	window = min(window, t.limit.Hold)
	for n := 1; window > 0; n++ {
		at := min(time.Duration(n)*every, window)
		if t.decided() {
			break
		}
		if !sleep(ctx, time.Until(t.ended.Add(at))) {
			return ctx.Err()
		}
		t.sampleHold(ctx)
		if at == window {
			break
		}
	}
	return t.held(ctx)
}

// sampleHold adds one sample a host to the hold window.
func (t *try) sampleHold(ctx context.Context) {
	since := time.Since(t.ended)
	_ = t.each(func(h *host) error {
		h.hold = append(h.hold, t.snapshot(ctx, h, facts.Sample, since, false))
		return nil
	})
	for _, h := range t.hosts {
		t.note(t.dir.WriteSnapshot(h.hold[len(h.hold)-1]))
	}
}

// held takes the last checkpoint. It closes the window: the last sample is held.
func (t *try) held(ctx context.Context) error {
	t.observe(ctx, facts.Held, true)
	if !t.sc.Scripts.Validate.None() {
		v := t.validate(ctx)
		t.validated = &v
	}
	return ctx.Err()
}

// decided reports whether more samples can change no rule.
func (t *try) decided() bool {
	for _, rh := range t.onHosts() {
		after, samples := t.moments(rh)
		end := time.Duration(0)
		if n := len(samples); n > 0 {
			end = samples[n-1].Since
		}
		if _, decided := rh.rule.Settled(samples, after, "", end); !decided {
			return false
		}
	}
	return true
}

// moments is how one rule fared on one host since the engine ended.
func (t *try) moments(rh ruleHost) (after rules.Status, samples []rules.Moment) {
	h := t.host(rh.host)
	for _, s := range h.hold {
		samples = append(samples, rules.Moment{Since: s.Since, Status: rh.rule.HoldsAt(s, h.at).Status})
	}
	return rh.rule.HoldsAt(h.at[facts.After], h.at).Status, samples
}
