package attempt

import (
	"context"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

// holdWindow watches the machines after the engine ended: a repair must come
// true in time and stay true. It ends early once every rule is decided.
//
// Samples are stamped with the window's own clock, which runs from sample to
// sample and stands still while one is late: a driver that has too much to do
// must not take from an engine the time that its repair was given. It stands
// still no longer than the limit of the phase allows: a guest that lets every
// question wait must not stretch the window.
func (t *try) holdWindow(ctx context.Context) error {
	begin := time.Now()
	last := begin
	t.observe(ctx, facts.After, 0)
	window, every := rules.Window(t.sc.State)
	// The last sample and held may take all of their limits too.
	slack := max(0, t.limit.Hold-window-t.lookLimit(facts.Sample)-t.lookLimit(facts.Held))
	at := time.Duration(0)
	for at < window && !t.decided() {
		step := min(every, window-at)
		at += step
		if !sleep(ctx, time.Until(last.Add(step))) {
			return ctx.Err()
		}
		if late := time.Since(begin) - at; late > slack {
			at = min(window, at+late-slack)
		}
		last = time.Now()
		if at < window {
			t.sampleHold(ctx, at)
		}
	}
	if at < window {
		at += time.Since(last) // decided early: held is a moment of its own
	}
	return t.held(ctx, at)
}

// sampleHold adds one sample a host to the hold window.
func (t *try) sampleHold(ctx context.Context, at time.Duration) {
	_ = t.each(func(h *host) error { // a host that cannot be asked is a snapshot too
		h.hold = append(h.hold, t.snapshot(ctx, h, facts.Sample, at, false))
		return nil
	})
	for _, h := range t.hosts {
		t.note(t.dir.WriteSnapshot(h.hold[len(h.hold)-1]))
	}
}

// held takes the last checkpoint, which is the last sample too.
func (t *try) held(ctx context.Context, at time.Duration) error {
	t.observe(ctx, facts.Held, at)
	if !t.sc.Scripts.Validate.None() {
		v := t.validateHeld(ctx)
		t.validated = &v
	}
	t.reservation.ReleaseCPU() // the machines have nothing to do any more
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
