package rules

import (
	"fmt"
	"time"
)

// A Compliance rule says how the machine may be fixed. ParseCompliance makes
// one; it is not changed afterwards and may be used concurrently.
type Compliance struct {
	Label     string
	Scope     Scope // gateway, job or tasks
	Validator string
	Required  bool
	Negate    bool
	// Source is the rule as YAML with sorted keys; ComplianceFromSource reads it back.
	Source string

	check    complianceCheck
	eachTask bool // asked of each task alone
}

// A complianceCheck is what a validator makes of its parameters: a question
// about one record.
type complianceCheck interface {
	ask(rec record) answer
	// expected says what is asked, for people.
	expected() string
	// cannotFail reports whether no record could answer with no.
	cannotFail() bool
}

// An answer is what a check says of one record, before negate.
type answer struct {
	holds    bool
	evidence Evidence
	got, raw string
	// missing names what the engine did not leave; nothing else counts then.
	missing string
	err     error
}

// A record is what a check looks at: the whole job, or the job with one task.
type record struct {
	job  Job
	opts CheckOptions
}

// CheckOptions say what is known of a job beside what is in it.
type CheckOptions struct {
	// ObservedPossible says that we could see the engine's commands. Only what
	// was observed counts then: what it says that it ran is no substitute.
	ObservedPossible bool
	// RequireObserved lets no required rule rest on the engine's own word.
	RequireObserved bool
	// Duration is how long the engine worked; zero means not known.
	Duration time.Duration
}

// Check judges the rule by the engine's record. A tasks rule holds when at
// least one task matches; negate turns that whole answer round. A rule about
// something that the engine did not leave does not hold, negated or not.
func (c *Compliance) Check(j Job, o CheckOptions) Result {
	res := Result{Label: c.Label, Scope: c.Scope, Required: c.Required, Status: RuleErrored}
	if c.check == nil {
		res.Reason = "the rule asks nothing"
		return res
	}
	res.Expected = c.check.expected()
	if c.Negate {
		res.Expected = "not: " + res.Expected
	}
	a := c.ask(j, o)
	res.Evidence, res.Got, res.Raw = a.evidence, a.got, clip(a.raw, maxRaw)
	switch {
	case a.missing != "":
		res.Status, res.Reason = DoesNotHold, "the engine left no "+a.missing
	case a.err != nil:
		res.Reason = a.err.Error()
	case a.holds == c.Negate:
		res.Status = DoesNotHold
	case res.Required && o.RequireObserved && a.evidence != Observed:
		res.Status, res.Reason = DoesNotHold, "it rests on what the engine says of itself, and only observed evidence counts here"
	default:
		res.Status = Holds
	}
	return res
}

// ask asks every record that the rule's scope has, until one answers with yes.
func (c *Compliance) ask(j Job, o CheckOptions) answer {
	if !c.eachTask || len(j.Tasks) == 0 {
		return c.check.ask(record{job: j, opts: o})
	}
	var last answer
	missing := 0
	for _, t := range j.Tasks {
		one := j
		one.Tasks = []Task{t}
		a := c.check.ask(record{job: one, opts: o})
		switch {
		case a.missing != "":
			missing++
			if missing == len(j.Tasks) {
				return a
			}
			continue
		case a.holds && a.err == nil:
			return a
		case last.err == nil:
			last = a
		}
	}
	if n := len(j.Tasks); n > 1 {
		last.got = fmt.Sprintf("none of %d tasks: %s", n, last.got)
	}
	return last
}

// CannotFail reports whether no record that is there could make the rule fail.
func (c *Compliance) CannotFail() bool {
	return c.check != nil && !c.Negate && c.check.cannotFail()
}
