package page

import (
	"fmt"

	"github.com/benchtest-dev/benchtest/benchtest/stats"
)

// seed makes bootstrap intervals the same each time a page is made.
const seed = 1

// A rate is an estimate as a page shows it.
type rate struct {
	Estimate stats.Estimate
	Percent  Text // "80 %", or "none"
	Interval Text // "95 % interval 44 to 97 %", with its method
	Of       Text // "8 passed, 10 scored of 10 attempted"
}

// A ratedRun is a run with its rates, whose intervals take longer than all else
// on a page of many runs.
type ratedRun struct {
	Outline
	pass, kept rate
}

func rateRuns(runs []Outline) []ratedRun {
	list := make([]ratedRun, len(runs))
	for i, o := range runs {
		list[i] = ratedRun{o, passRate(o), compliance(o)}
	}
	return list
}

// passRate estimates the pass rate of a run.
func passRate(o Outline) rate {
	return newRate(stats.OfSuite(scenarios(o), stats.Confidence, seed))
}

// compliance estimates the share of scored attempts that kept every
// compliance rule, as if that was passing.
func compliance(o Outline) rate {
	list := scenarios(o)
	for i, c := range o.Scenarios {
		list[i].Passed = c.Compliant
	}
	return newRate(stats.OfSuite(list, stats.Confidence, seed))
}

func newRate(e stats.Estimate) rate {
	r := rate{Estimate: e, Percent: "none", Of: Text(fmt.Sprintf("%d scored of %d attempted", e.Scored, e.Attempted))}
	if e.Scored > 0 {
		r.Percent = percent(e.Rate)
		r.Interval = between(e.Interval)
	}
	return r
}

// between writes an interval of a share.
func between(i stats.Interval) Text {
	return Text(fmt.Sprintf("%.0f to %.0f %%", i.Low*100, i.High*100))
}
