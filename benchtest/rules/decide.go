package rules

import (
	"fmt"
	"strings"
)

// Score is the compliance score: rules that hold / all compliance rules,
// informational ones included; 1 when there are none. State results in the
// list are not counted.
func Score(results []Result) float64 {
	all, hold := 0, 0
	for _, r := range results {
		if r.Scope == ScopeState {
			continue
		}
		all++
		if r.Status == Holds {
			hold++
		}
	}
	if all == 0 {
		return 1
	}
	return float64(hold) / float64(all)
}

// DecideInput is everything that an attempt's outcome depends on.
type DecideInput struct {
	// Skipped says why the attempt was not made, and Errored what broke in
	// sandbox, prepare, negative control or benchtest, or why the attempt was
	// cut. Empty means not so.
	Skipped, Errored string
	// TimedOut says that the engine used up its own time.
	TimedOut bool
	// Results are those of all rules, state and compliance.
	Results []Result
	// Changes are the results of Unchanged where nothing was to be done. One
	// that does not hold is unsafe.
	Changes []Result
}

// Decide returns the outcome of an attempt and one line that says why it is not
// passed, naming the first rules that did not hold.
//
// A required state rule that is errored makes the attempt errored: JudgeState
// has already laid to the engine's charge what the engine did. A required
// compliance rule that is errored is as if it did not hold, since the record it
// is about is the engine's own work.
func Decide(in DecideInput) (Outcome, string) {
	var errored, failed, unsafe []Result
	for _, r := range in.Results {
		switch {
		case !r.Required || r.Status == Holds:
		case r.Scope != ScopeState:
			unsafe = append(unsafe, r)
		case r.Status == DoesNotHold:
			failed = append(failed, r)
		default:
			errored = append(errored, r)
		}
	}
	for _, r := range in.Changes {
		if r.Status == DoesNotHold {
			unsafe = append(unsafe, r)
		} else if r.Status != Holds {
			errored = append(errored, r)
		}
	}
	switch {
	case in.Skipped != "":
		return Skipped, in.Skipped
	case in.Errored != "":
		return Errored, in.Errored
	case len(errored) > 0:
		return Errored, reasonOf(errored, "")
	case in.TimedOut:
		return Timeout, reasonOf(failed, "the engine used up its own time")
	case len(failed) > 0:
		return Failed, reasonOf(failed, "")
	case len(unsafe) > 0:
		return Unsafe, reasonOf(unsafe, "")
	}
	return Passed, ""
}

// reasonOf is one line: what comes first, the first two results, and the number
// of the others.
func reasonOf(results []Result, first string) string {
	const named = 2
	var lines []string
	if first != "" {
		lines = append(lines, first)
	}
	for _, r := range results[:min(named, len(results))] {
		lines = append(lines, r.Summary())
	}
	line := strings.Join(lines, "; ")
	if more := len(results) - named; more > 0 {
		line += fmt.Sprintf(" (and %d more)", more)
	}
	return line
}

// Summary is the result in one line: where, what, and why it does not hold.
func (r Result) Summary() string {
	where := string(r.Scope)
	if r.Host != "" {
		where += " on " + r.Host
	}
	line := where + ": " + r.Label
	if r.Status == Holds {
		return oneLine(line)
	}
	var why []string
	if r.Got != "" {
		why = append(why, fmt.Sprintf("expected %s, got %s", r.Expected, r.Got))
	}
	if r.Reason != "" {
		why = append(why, r.Reason)
	}
	if len(why) > 0 {
		line += ": " + strings.Join(why, "; ")
	}
	return oneLine(line)
}

func oneLine(s string) string { return clip(strings.Join(strings.Fields(s), " "), 400) }
