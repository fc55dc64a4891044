package reports

import (
	"fmt"
	"strings"

	"github.com/benchtest-dev/benchtest/benchtest/stats"
)

// rate says how well the pass rate is known, and what it is too little to tell.
func (s *summary) rate(attempts []Attempt) {
	scenarios := Tallies(attempts)
	e := stats.OfSuite(scenarios, stats.Confidence, StatsSeed)
	if e.Scored == 0 {
		return
	}
	for _, line := range RateLines(scenarios, e) {
		s.WriteString(wrap(line, s.Width) + "\n")
	}
}

// RateLines tell, in plain text: the pass rate with its interval, pass@k and
// pass^k where each scenario was scored more than once, and which rates so few
// attempts do not tell apart.
func RateLines(scenarios []stats.Scenario, e stats.Estimate) []string {
	over := ""
	if e.Scenarios > 1 {
		over = fmt.Sprintf(", mean over %d scenarios", e.Scenarios)
	}
	lines := []string{fmt.Sprintf("pass rate %s%s; 95 %% interval %s to %s (%s)",
		percent(e.Rate), over, percent(e.Interval.Low), percent(e.Interval.High), e.Method)}
	if k := stats.FewestScored(scenarios); k > 1 {
		at, _ := stats.MeanOf(scenarios, func(t stats.Tally) (float64, bool) { return stats.PassAtK(t, k) })
		hat, _ := stats.MeanOf(scenarios, func(t stats.Tally) (float64, bool) { return stats.PassHatK(t, k) })
		lines = append(lines, fmt.Sprintf("pass@%d %s, pass^%d %s", k, percent(at), k, percent(hat)))
	}
	if advice := stats.Advise(e.Tally); advice != "" {
		lines = append(lines, advice)
	}
	return lines
}

func percent(v float64) string { return fmt.Sprintf("%.0f %%", 100*v) }

// wrap breaks a line of plain words where it would be wider than width; zero
// leaves it alone.
func wrap(line string, width int) string {
	if width <= 0 {
		return line
	}
	var b strings.Builder
	at := 0
	for word := range strings.FieldsSeq(line) {
		switch {
		case at == 0:
		case at+1+len(word) > width:
			b.WriteString("\n  ")
			at = 2
		default:
			b.WriteByte(' ')
			at++
		}
		b.WriteString(word)
		at += len(word)
	}
	return b.String()
}
