package gate

import (
	"fmt"
	"strings"

	"github.com/benchtest-dev/benchtest/benchtest/stats"
	"github.com/benchtest-dev/benchtest/reports"
)

// holds reports whether the condition does, and why, in one line.
func (c condition) holds(suite stats.Estimate, run, baseline []stats.Scenario) (bool, string) {
	if c.name == never {
		return true, "no attempt fails the run: " + suite.Tally.String()
	}
	if suite.Scored == 0 {
		return false, "nothing was scored, so nothing is shown: " + suite.Tally.String()
	}
	switch c.name {
	case minPassRate:
		return suite.Rate >= c.limit, fmt.Sprintf("pass rate %s against %s: %s", number(suite.Rate), number(c.limit), of(suite))
	case minLowerBound:
		return suite.Interval.Low >= c.limit, fmt.Sprintf("lower bound %s against %s: %s, %s", number(suite.Interval.Low), number(c.limit), of(suite), suite.Method)
	case errorBudget:
		rate, _ := suite.ErrorRate()
		return rate <= c.limit, fmt.Sprintf("error rate %s against %s: %s", number(rate), number(c.limit), suite.Tally)
	}
	return c.regression(stats.Compare(baseline, run, stats.Confidence, reports.StatsSeed))
}

// of is what a rate is made of.
func of(e stats.Estimate) string {
	if e.Scenarios == 1 {
		return e.Tally.String()
	}
	return fmt.Sprintf("%s, mean over %d scenarios", e.Tally, e.Scenarios)
}

// regression holds unless the run is worse than the baseline beyond chance.
func (c condition) regression(cmp stats.Comparison) (bool, string) {
	if cmp.Paired == 0 {
		return false, "no scenario was scored in both runs, so nothing can be compared"
	}
	reason := fmt.Sprintf("pass rate %+.3g over %d scenarios of both runs, 95 %% interval %+.3g to %+.3g (%s)", cmp.Change, cmp.Paired, cmp.Interval.Low, cmp.Interval.High, cmp.Method)
	if cmp.McNemar != nil {
		reason += fmt.Sprintf(", McNemar p = %.3g", *cmp.McNemar)
	}
	var worse []string
	for _, d := range cmp.Scenarios {
		if d.Worse() {
			worse = append(worse, d.Key)
		}
	}
	if len(worse) > 0 {
		reason += "; worse: " + strings.Join(worse, ", ")
	}
	return !cmp.Worse(), reason
}

// number is a rate as people give it: three digits.
func number(v float64) string { return fmt.Sprintf("%.3g", v) }
