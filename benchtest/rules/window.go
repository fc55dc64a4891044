package rules

import (
	"cmp"
	"slices"
	"time"
)

// DefaultEvery is the time between two samples where no rule says otherwise.
const DefaultEvery = time.Second

// A Moment is what a rule did at one time. Since counts from the engine's end.
type Moment struct {
	Since  time.Duration
	Status Status
}

// Window returns how long the hold window of these rules is, and the time
// between two samples: the shortest that a rule with a window asks for. T is
// zero when no rule has a window; after and held are then the same moment.
func Window(rules []State) (total, every time.Duration) {
	for i := range rules {
		r := &rules[i]
		if !r.hasWindow() {
			continue
		}
		total = max(total, r.Within+r.For)
		if step := r.step(); every == 0 || step < every {
			every = step
		}
	}
	if every == 0 {
		every = DefaultEvery
	}
	return total, every
}

func (r *State) hasWindow() bool { return r.Within > 0 || r.For > 0 }

// step is the time between two samples of the rule.
func (r *State) step() time.Duration {
	if r.Every > 0 {
		return r.Every
	}
	return DefaultEvery
}

// short reports whether a window that ended at end was cut: its last sample is
// a step or more away from the end that the rule needs.
func (r *State) short(end time.Duration) bool { return end+r.step() <= r.Within+r.For }

// Settled says what became of the rule in the hold window. after is its status
// when the engine ended (time zero), samples those in between, held the last
// one, taken at end. Samples outside (0, end) are not looked at.
//
// With within or for, the rule holds when some moment t <= within holds and so
// does every later one, held included. With neither it holds when both after
// and held do. A moment that is errored could have been either: the rule is
// errored when that makes a difference.
//
// While the window is open, held is empty and end is the time of the newest
// sample. The rule is then decided when no moment that can still come could
// make it hold: no moment t <= within holds together with all since, and the
// next one comes after within. It is never decided to hold before the window
// is over, since every later moment counts. Sampling may stop early only when
// every rule is decided.
//
// A window that was closed, without that decision, one step (every) or more
// before within+for leaves the rule errored.
func (r *State) Settled(samples []Moment, after, held Status, end time.Duration) (s Status, decided bool) {
	open := held == ""
	if !r.hasWindow() {
		switch {
		case after == DoesNotHold:
			return DoesNotHold, true
		case open:
			return "", false
		}
		return both(after, held), true
	}
	moments := sequence(samples, after, held, end)
	short := open || r.short(end)
	possible := settles(moments, r.Within, true) || short && end < r.Within
	switch {
	case !possible:
		return DoesNotHold, true
	case open:
		return "", false
	case short || !settles(moments, r.Within, false):
		return RuleErrored, true
	}
	return Holds, true
}

// sequence is every moment in order: after, the samples, held unless open.
func sequence(samples []Moment, after, held Status, end time.Duration) []Moment {
	moments := []Moment{{0, after}}
	for _, m := range samples {
		if m.Since > 0 && (m.Since < end || held == "" && m.Since == end) {
			moments = append(moments, m)
		}
	}
	slices.SortStableFunc(moments, func(a, b Moment) int { return cmp.Compare(a.Since, b.Since) })
	if held != "" {
		moments = append(moments, Moment{end, held})
	}
	return moments
}

// settles reports whether some moment t <= within holds with all that follow.
// An errored moment counts as holding when doubt is in its favour.
func settles(moments []Moment, within time.Duration, doubt bool) bool {
	start := -1
	for i, m := range slices.Backward(moments) {
		if m.Status != Holds && (!doubt || m.Status != RuleErrored) {
			break
		}
		start = i
	}
	return start >= 0 && moments[start].Since <= within
}

// both is the conjunction of two statuses: one that does not hold decides.
func both(a, b Status) Status {
	switch {
	case a == DoesNotHold || b == DoesNotHold:
		return DoesNotHold
	case a == Holds && b == Holds:
		return Holds
	}
	return RuleErrored
}
