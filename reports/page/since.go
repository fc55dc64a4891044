package page

import (
	"fmt"
	"slices"
	"strings"

	"github.com/benchtest-dev/benchtest/benchtest/stats"
)

// comparison is of two runs, A before and B after.
type comparison struct {
	A, B       end
	Worse      []difference // newly failing
	Better     []difference // fixed
	Same       []difference // still failing
	Other      []difference // passes as before, or was not scored in both
	New, Gone  int          // scenarios that only one has
	Unscored   int          // in one of them
	Change     Text         // "+10 points (−5 to +25)"
	Verdict    Text
	Advice     Text
	HasChanged bool // some scenario changed since A
}

// end is one of the two runs.
type end struct {
	RunID   Text
	Started Text
	Href    Text
	Rate    rate
}

// A difference is one scenario in both.
type difference struct {
	Key      Text
	Href     Text
	Before   Text // "1 of 2"
	After    Text
	BeforeOf mark // empty: not attempted
	AfterOf  mark
	Change   Text
	Note     Text // the scenario's files changed, say
	Word     Text // newly failing, fixed, ...
}

// compareRuns says what changed from a to b.
func compareRuns(a, b Outline, links Links) comparison {
	c := stats.Compare(scenarios(a), scenarios(b), stats.Confidence, seed)
	out := comparison{A: endOf(a, links), B: endOf(b, links), Advice: Text(stats.Advise(stats.Total(scenarios(b))))}
	before, after := byKey(a), byKey(b)
	for _, d := range c.Scenarios {
		out.add(d, before[d.Key], after[d.Key], links.attempt(b.RunID, d.Key, 1))
	}
	if c.Paired > 0 {
		out.Change = Text(fmt.Sprintf("%s points, 95 %% interval %s to %s, over %s scored in both",
			points(c.Change), points(c.Interval.Low), points(c.Interval.High), plural(c.Paired, "scenario", "scenarios")))
	}
	out.Verdict = verdict(c)
	return out
}

// add sorts one scenario to where a reader looks for it.
func (c *comparison) add(d stats.Difference, before, after Cell, href Text) {
	diff := difference{
		Key: Text(d.Key), Href: href, Before: ratio(d.A), After: ratio(d.B),
		BeforeOf: markOf(before.Worst), AfterOf: markOf(after.Worst),
	}
	if before.Digest != "" && after.Digest != "" && before.Digest != after.Digest {
		diff.Note, c.HasChanged = "the scenario's files changed", true
	}
	if d.Both {
		diff.Change = Text(fmt.Sprintf("%s points (%s to %s)", points(d.Change), points(d.Interval.Low), points(d.Interval.High)))
	}
	switch {
	case before.Attempted == 0:
		diff.Word, diff.BeforeOf = "new", ""
		c.New++
		c.Other = append(c.Other, diff)
	case after.Attempted == 0:
		diff.Word, diff.AfterOf, diff.Href = "not attempted", "", ""
		c.Gone++
		c.Other = append(c.Other, diff)
	case !d.Both:
		diff.Word = "not scored in both"
		c.Unscored++
		c.Other = append(c.Other, diff)
	case d.Change < 0:
		diff.Word = "newly failing"
		if d.A.Passed < d.A.Scored {
			diff.Word = "fails more often"
		}
		c.Worse = append(c.Worse, diff)
	case d.Change > 0:
		diff.Word = "fixed"
		if d.B.Passed < d.B.Scored {
			diff.Word = "fails less often"
		}
		c.Better = append(c.Better, diff)
	case d.B.Passed < d.B.Scored:
		diff.Word = "still failing"
		c.Same = append(c.Same, diff)
	default:
		diff.Word = "passes as before"
		c.Other = append(c.Other, diff)
	}
}

// Changed is what to look at: scenarios that did better or worse, and those
// that fail as before.
func (c comparison) Changed() []difference { return slices.Concat(c.Worse, c.Better, c.Same) }

// OtherSays sums up Other.
func (c comparison) OtherSays() Text {
	var parts []string
	if n := len(c.Other) - c.New - c.Gone - c.Unscored; n > 0 {
		parts = append(parts, fmt.Sprintf("%d as before", n))
	}
	if c.Unscored > 0 {
		parts = append(parts, fmt.Sprintf("%d not scored in both", c.Unscored))
	}
	if c.New > 0 {
		parts = append(parts, fmt.Sprintf("%d not in the run before", c.New))
	}
	if c.Gone > 0 {
		parts = append(parts, fmt.Sprintf("%d not in this run", c.Gone))
	}
	return Text(strings.Join(parts, ", "))
}

// Summary counts what changed: "2 newly failing, 1 fixed".
func (c comparison) Summary() Text {
	var parts []string
	for _, p := range []struct {
		list []difference
		says string
	}{{c.Worse, "worse"}, {c.Better, "better"}, {c.Same, "still failing"}} {
		if len(p.list) > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", len(p.list), p.says))
		}
	}
	if len(parts) == 0 {
		return "nothing changed"
	}
	return Text(strings.Join(parts, ", "))
}

// verdict says in a line what the comparison shows, and does not overclaim.
func verdict(c stats.Comparison) Text {
	switch {
	case c.Paired == 0:
		return "No scenario was scored in both runs."
	case c.Worse():
		return "Worse, beyond chance."
	case c.Interval.Low > 0:
		return "Better, beyond chance."
	case c.Change == 0:
		return "No difference in the pass rate."
	}
	return "Not more than chance explains."
}

func endOf(o Outline, links Links) end {
	return end{RunID: Text(o.RunID), Started: moment(o.Started), Href: links.run(o.RunID), Rate: passRate(o)}
}

func scenarios(o Outline) []stats.Scenario {
	list := make([]stats.Scenario, len(o.Scenarios))
	for i, c := range o.Scenarios {
		list[i] = c.Scenario
	}
	return list
}

func byKey(o Outline) map[string]Cell {
	m := make(map[string]Cell, len(o.Scenarios))
	for _, c := range o.Scenarios {
		m[c.Key] = c
	}
	return m
}

// ratio writes passed of scored.
func ratio(t stats.Tally) Text {
	if t.Scored == 0 {
		return "-"
	}
	return Text(fmt.Sprintf("%d of %d", t.Passed, t.Scored))
}
