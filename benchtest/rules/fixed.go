package rules

import "time"

// A Reading is what all rules did at one time of the engine's window. Status
// has one entry a rule, in the order of the rules that are asked with it. Since
// may count from any moment, as long as all readings count from the same.
type Reading struct {
	Since  time.Duration
	Status []Status
}

// FirstFixed returns the time of the first reading at which every required rule
// with before: fails holds; false when there was none. What happened between two
// readings is not known, so the true moment is up to one interval earlier.
func FirstFixed(rules []State, readings []Reading) (time.Duration, bool) {
	any := false
	for _, r := range rules {
		any = any || r.Required && r.Before == BeforeFails
	}
	if !any {
		return 0, false
	}
	for _, reading := range readings {
		if fixed(rules, reading) {
			return reading.Since, true
		}
	}
	return 0, false
}

func fixed(rules []State, reading Reading) bool {
	for i := range rules {
		if rules[i].Required && rules[i].Before == BeforeFails && statusAt(reading.Status, i) != Holds {
			return false
		}
	}
	return true
}

// Downtime returns how long, up to end, at least one rule did not hold that held
// at faulted and has before: holds: what the engine took away while it worked.
// A reading stands until the next one. What could not be asked counts as down,
// as a host does that reboots.
func Downtime(rules []State, faulted []Status, readings []Reading, end time.Duration) time.Duration {
	var down time.Duration
	for n, reading := range readings {
		until := end
		if n+1 < len(readings) {
			until = min(end, readings[n+1].Since)
		}
		if until > reading.Since && broken(rules, faulted, reading) {
			down += until - reading.Since
		}
	}
	return down
}

func broken(rules []State, faulted []Status, reading Reading) bool {
	for i := range rules {
		if rules[i].Before == BeforeHolds && statusAt(faulted, i) == Holds && statusAt(reading.Status, i) != Holds {
			return true
		}
	}
	return false
}

func statusAt(all []Status, i int) Status {
	if i >= len(all) {
		return RuleErrored
	}
	return all[i]
}
