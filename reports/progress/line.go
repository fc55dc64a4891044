package progress

import (
	"fmt"
	"strings"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/reports"
)

// maxReason bounds the reason in a line, in columns.
const maxReason = 200

// A line says how an attempt ended.
type line struct {
	outcome rules.Outcome
	before  string
	after   string
}

// line is how rec ended: its number, its verdict, where its time went, and for
// one that did not pass the first rule that does not hold.
func (b *board) line(rec reports.Attempt) line {
	ended, _ := b.ended()
	l := line{outcome: rec.Outcome, before: fmt.Sprintf("benchtest: %d/%d ", ended, max(b.total, ended))}
	l.after = fmt.Sprintf(" %s in %s", b.name(id{rec.Key, rec.Iteration}), reports.Human(rec.Phases.Total()))
	if p := phases(rec.Phases); p != "" {
		l.after += " (" + p + ")"
	}
	if l.passed() {
		return l
	}
	reason := reports.Headline(rec)
	if b.cfg.Hide != nil {
		reason = b.cfg.Hide(reason)
	}
	const most = 8 * maxReason // bytes: what is cut away need not be made visible
	if len(reason) > most {
		reason = reason[:most]
	}
	l.after += ": " + cut(reports.OneLine(reason), maxReason)
	return l
}

func (l line) passed() bool { return l.outcome == rules.Passed }

// plain is the line without colours.
func (l line) plain() string { return l.painted(false) }

func (l line) painted(color bool) string {
	return l.before + reports.PaintOutcome(l.outcome, color) + l.after
}

// phases are the clocks that ran, of those that the summary shows.
func phases(p reports.Phases) string {
	var list []string
	for _, c := range []struct {
		name string
		took time.Duration
	}{{"hand-over", p.Handover}, {"prepare", p.Prepare}, {"engine", p.Engine}, {"hold", p.Hold}} {
		if c.took > 0 {
			list = append(list, c.name+" "+reports.Human(c.took))
		}
	}
	return strings.Join(list, ", ")
}
