package page

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/benchtest/stats"
	"github.com/benchtest-dev/benchtest/reports"
)

// overview is what a page about a run begins with: whether a person has to look,
// at what, and why.
type overview struct {
	RunID, Started Text
	Headline       Text
	Good           bool // nobody has to look
	Unfinished     Text // why the run did not end, or that it has not
	Remade         remade
	Counts         []tallied
	Figures        []figure
	Problems       []problem
	Since          *comparison // nil: there is no run before
	Advice         Text
}

// A figure is one number of a run.
type figure struct{ Name, Value, Note Text }

// A problem is one scenario that a person has to look at.
type problem struct {
	Outcome Text
	Mark    mark
	Key     Text
	Href    Text
	Title   Text
	Why     reason
	Of      Text // "2 of 3 attempts"; empty for the only one
	Word    Text // newly failing, still failing; empty: there is no run before
}

// remade says which attempts were cut, and made again when the run was resumed.
type remade struct {
	Says Text // empty: none was
	List []attemptLink
}

// An attemptLink leads to an attempt that stands in no table.
type attemptLink struct{ Name, Href Text }

func newRemade(attempts []reports.Attempt, links Links) remade {
	var r remade
	for _, a := range attempts {
		if a.Remade {
			r.List = append(r.List, attemptLink{Text(a.Key + "/i" + strconv.Itoa(a.Iteration)), links.attempt(a.RunID, a.Key, a.Iteration)})
		}
	}
	if n := len(r.List); n > 0 {
		r.Says = plural(n, "attempt was", "attempts were") + " cut, and made again when the run was resumed: what came of that is counted."
	}
	return r
}

// newOverview sums up a run; before is the one it is compared with, or nil.
func newOverview(r Run, o Outline, before *Outline, links Links) overview {
	v := overview{
		RunID: Text(r.Info.RunID), Started: moment(r.Info.Started), Counts: tallyOutcomes(r.Attempts),
		Figures: figures(r, o), Advice: Text(stats.Advise(stats.Total(scenarios(o)))),
	}
	words := map[Text]Text{}
	if before != nil {
		c := compareRuns(*before, o, links)
		v.Since = &c
		for _, d := range slices.Concat(c.Changed(), c.Other) {
			if d.BeforeOf != "" {
				words[d.Key] = d.Word
			}
		}
	}
	v.Problems = problems(r.Attempts, words, links)
	v.Good = len(v.Problems) == 0
	v.Headline = headline(r.Attempts, o)
	switch {
	case r.Reason != "":
		v.Unfinished = "The run was cut short: " + Text(r.Reason)
	case r.Finished.IsZero():
		v.Unfinished = "The run has not finished: what follows is what it left so far."
	}
	return v
}

// headline is the run in one line.
func headline(attempts []reports.Attempt, o Outline) Text {
	total := stats.Total(scenarios(o))
	bad := total.Attempted - total.Passed
	switch {
	case len(attempts) == 0:
		return "No attempt finished"
	case total.Attempted == 0:
		return "Every attempt was skipped"
	case total.Scored == 0:
		return Text(fmt.Sprintf("Nothing was scored: %s errored", plural(total.Attempted, "attempt", "attempts")))
	case bad == 0 && total.Attempted == 1:
		return "The attempt passed"
	case bad == 0:
		return Text(fmt.Sprintf("All %d attempts passed", total.Attempted))
	case bad == total.Attempted && bad > 1:
		return Text(fmt.Sprintf("None of %d attempts passed", bad))
	case total.Attempted == 1:
		return "The attempt did not pass"
	}
	return Text(fmt.Sprintf("%d of %d attempts did not pass", bad, total.Attempted))
}

// problems are the scenarios with an attempt that did not pass, worst first.
func problems(attempts []reports.Attempt, words map[Text]Text, links Links) []problem {
	perKey := map[string]int{}
	badPerKey := map[string]int{}
	worst := map[string]reports.Attempt{}
	var keys []string
	for _, a := range attempts {
		perKey[a.Key]++
		if !bad(a.Outcome) {
			continue
		}
		badPerKey[a.Key]++
		w, seen := worst[a.Key]
		if !seen {
			keys = append(keys, a.Key)
		}
		if !seen || severity(a.Outcome) < severity(w.Outcome) {
			worst[a.Key] = a
		}
	}
	var list []problem
	for _, o := range []rules.Outcome{rules.Failed, rules.Unsafe, rules.Timeout, rules.Errored} {
		for _, key := range keys {
			a := worst[key]
			if a.Outcome != o {
				continue
			}
			p := problem{
				Outcome: known(o), Mark: markOf(o), Key: Text(key), Href: links.attempt(a.RunID, key, a.Iteration), Title: Text(a.Title),
				Why: whyNot(a), Word: words[Text(key)],
			}
			if n := perKey[key]; n > 1 {
				p.Of = Text(fmt.Sprintf("%d of %d attempts", badPerKey[key], n))
			}
			list = append(list, p)
		}
	}
	return list
}

// figures are the numbers that stand at the top.
func figures(r Run, o Outline) []figure {
	pass, kept := passRate(o), compliance(o)
	list := []figure{
		{"Pass rate", pass.Percent, interval(pass)},
		{"Compliance", kept.Percent, interval(kept)},
	}
	if took := elapsed(r); took > 0 {
		list = append(list, figure{"Duration", clock(took), plural(len(r.Attempts), "attempt", "attempts")})
	}
	engine := figure{"Engine", Text(r.Info.Engine), "on " + Text(r.Info.Provider)}
	if o.Model != "" {
		engine.Note = Text(o.Model) + ", on " + Text(r.Info.Provider)
	}
	list = append(list, engine)
	var u rules.Usage
	for _, a := range r.Attempts {
		u.InputTokens += a.Usage.InputTokens
		u.OutputTokens += a.Usage.OutputTokens
		u.CostUSD += a.Usage.CostUSD
	}
	if u.InputTokens+u.OutputTokens > 0 {
		list = append(list, figure{"Tokens", count(u.InputTokens + u.OutputTokens), count(u.InputTokens) + " in, " + count(u.OutputTokens) + " out"})
	}
	if u.CostUSD > 0 {
		list = append(list, figure{"Cost", money(u.CostUSD), "as the engine says"})
	}
	return list
}

// interval is what stands beside a rate.
func interval(r rate) Text {
	parts := []string{string(r.Of)}
	if r.Interval != "" {
		parts = append([]string{"95 % interval " + string(r.Interval)}, parts...)
	}
	return Text(strings.Join(parts, " · "))
}

// elapsed is how long the run took, or has taken.
func elapsed(r Run) time.Duration {
	end := r.Finished
	for _, s := range r.Spans {
		if r.Finished.IsZero() && s.Until.After(end) {
			end = s.Until
		}
	}
	if end.IsZero() || r.Info.Started.IsZero() {
		return 0
	}
	return end.Sub(r.Info.Started)
}
