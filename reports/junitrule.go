package reports

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

// ruleCases are the rules of an attempt as cases of their own, as they are
// subtests of go test: what does not decide the outcome is skipped.
func ruleCases(group, name string, a Attempt, gate string) []*junitCase {
	if a.Outcome == rules.Skipped {
		return nil
	}
	var list []*junitCase
	for _, r := range a.Results {
		c := &junitCase{Class: legalXML(group + "." + name), Name: legalXML(ruleTitle(r))}
		if r.Status != rules.Holds {
			why := cmp.Or(r.Reason, expectedGot(r), strings.ReplaceAll(string(r.Status), "-", " "))
			switch {
			case a.Outcome == rules.Errored:
				c.Skipped = skippedEnd("informational: the attempt is errored: "+why, ruleText(r))
			case !r.Required:
				c.Skipped = skippedEnd("informational: "+why, ruleText(r))
			case gate != "":
				c.Skipped = skippedEnd(gatedMessage(string(r.Status), why), ruleText(r))
			default:
				c.Failure = &junitEnd{Type: string(r.Status), Message: legalXML(clip(why, maxJUnitMessage)), Text: xmlText(ruleText(r))}
			}
		}
		list = append(list, c)
	}
	return list
}

// gatedMessage is what an attempt or rule that a gate counts is skipped with.
func gatedMessage(what, why string) string {
	return fmt.Sprintf("failed, counted by the gate: %s: %s", what, why)
}

// maxReruns bounds how many other attempts one case tells of.
const maxReruns = 20

// rerunCases gives cases what Surefire calls reruns, so that readers of JUnit
// show which scenarios are flaky. It turns nothing green: each attempt stays a
// case of its own. The first attempt that passed carries those of the same
// scenario that did not, as flaky; where none passed, the first that failed
// carries the others. Attempts and cases go together.
func rerunCases(attempts []Attempt, cases []*junitCase) {
	byKey := map[string][]int{}
	for i, a := range attempts {
		if a.Outcome.Scored() {
			byKey[a.Key] = append(byKey[a.Key], i)
		}
	}
	for _, list := range byKey {
		carrier, passed := list[0], false
		for _, i := range list {
			if attempts[i].Outcome == rules.Passed {
				carrier, passed = i, true
				break
			}
		}
		for _, i := range list {
			if i == carrier || attempts[i].Outcome == rules.Passed {
				continue
			}
			again := &junitRerun{Type: legalXML(string(attempts[i].Outcome)), Message: legalXML(clip(fmt.Sprintf("i%d: %s", attempts[i].Iteration, Headline(attempts[i])), maxJUnitMessage))}
			switch c := cases[carrier]; {
			case len(c.FlakyFailures)+len(c.RerunFailures) == maxReruns:
			case passed:
				c.FlakyFailures = append(c.FlakyFailures, again)
			default:
				c.RerunFailures = append(c.RerunFailures, again)
			}
		}
	}
}

// retried are the infrastructure errors after which an attempt was tried again,
// before the engine's first action: flaky, or reruns of one that is errored.
func (c *junitCase) retried(a Attempt) {
	for _, why := range a.Retries[:min(len(a.Retries), maxReruns)] {
		again := &junitRerun{Type: "retried", Message: legalXML(clip(why, maxJUnitMessage))}
		if a.Outcome == rules.Errored {
			c.RerunErrors = append(c.RerunErrors, again)
		} else {
			c.FlakyErrors = append(c.FlakyErrors, again)
		}
	}
}
