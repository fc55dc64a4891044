package page

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/benchtest-dev/benchtest/reports"
)

// usage draws what a run used of the machine over time: sandboxes, and RAM and
// vCPU against the budget.
type usage struct {
	Panels []usagePanel
	End    Text
	Ticks  []usageTick
}

// usagePanel is one quantity over time.
type usagePanel struct {
	Name   Text
	Area   Text // path of the steps
	Budget coord
	Has    bool // there is a budget to draw
	Peak   Text
	Mean   Text
	Alt    Text
}

type usageTick struct {
	X    coord // in percent
	Text Text
}

const (
	usageWidth  = 1000
	usageHeight = 72
)

// need is what the machines of one attempt take.
type need struct{ sandboxes, memoryMiB, vcpu float64 }

// newUsage draws r; nil when it is not known when machines were in use.
func newUsage(r Run) *usage {
	if len(r.Spans) == 0 {
		r.Spans = spansOf(r.Attempts)
	}
	needs := map[string]need{}
	for _, a := range r.Attempts {
		var n need
		for _, h := range a.Hosts {
			if h.Machine != "" {
				n.sandboxes++
				n.memoryMiB += float64(h.Limits.MemoryMiB)
				n.vcpu += float64(h.Limits.VCPU)
			}
		}
		needs[string(anchor(a.Key, a.Iteration))] = n
	}
	var end time.Time
	for _, s := range r.Spans {
		if s.Until.After(end) {
			end = s.Until
		}
	}
	start := r.Info.Started
	if len(r.Spans) == 0 || !end.After(start) {
		return nil
	}
	var sandboxes, memory, vcpu []delta
	for _, s := range r.Spans {
		n := needs[string(anchor(s.Key, s.Iteration))]
		from, worked, until := s.From.Sub(start), s.Worked.Sub(start), s.Until.Sub(start)
		sandboxes = append(sandboxes, delta{from, n.sandboxes}, delta{until, -n.sandboxes})
		memory = append(memory, delta{from, n.memoryMiB / 1024}, delta{until, -n.memoryMiB / 1024})
		vcpu = append(vcpu, delta{from, n.vcpu}, delta{worked, -n.vcpu})
	}
	total := end.Sub(start)
	u := &usage{End: clock(total), Ticks: usageTicks(total)}
	for _, q := range []struct {
		name, unit string
		budget     float64
		deltas     []delta
	}{
		{"Sandboxes", "", 0, sandboxes},
		{"RAM", "GiB", float64(r.Info.Capacity.MemoryMiB) / 1024, memory},
		{"vCPU", "", float64(r.Info.Capacity.VCPU), vcpu},
	} {
		if p, ok := newUsagePanel(q.name, q.unit, q.budget, q.deltas, total); ok {
			u.Panels = append(u.Panels, p)
		}
	}
	if len(u.Panels) == 0 {
		return nil
	}
	return u
}

// spansOf tells from the records when machines were in use: until the verdict,
// which is when the release begins.
func spansOf(attempts []reports.Attempt) []Span {
	var spans []Span
	for _, a := range attempts {
		if total := a.Phases.Total(); total > 0 {
			from := a.Started.Add(a.Phases.Admit)
			until := from.Add(total)
			spans = append(spans, Span{Key: a.Key, Iteration: a.Iteration, From: from, Worked: until.Add(-a.Phases.Release), Until: until})
		}
	}
	return spans
}

// A delta is a change of a quantity at a time.
type delta struct {
	at time.Duration
	by float64
}

// newUsagePanel draws one quantity; false when nothing of it was used.
func newUsagePanel(name, unit string, budget float64, deltas []delta, total time.Duration) (usagePanel, bool) {
	slices.SortFunc(deltas, func(a, b delta) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.by, b.by)) })
	peak, sum, now, last := 0.0, 0.0, 0.0, time.Duration(0)
	for _, d := range deltas {
		sum += now * float64(d.at-last)
		now, last = now+d.by, d.at
		peak = max(peak, now)
	}
	if peak == 0 {
		return usagePanel{}, false
	}
	top := max(peak, budget) * 1.05
	x := func(d time.Duration) coord { return coord(float64(d) / float64(total) * usageWidth) }
	y := func(v float64) coord { return coord(usageHeight * (1 - v/top)) }
	var path strings.Builder
	fmt.Fprintf(&path, "M0,%d", usageHeight)
	now = 0
	for _, d := range deltas {
		now += d.by
		fmt.Fprintf(&path, "H%sV%s", x(d.at), y(max(now, 0)))
	}
	fmt.Fprintf(&path, "H%dV%dZ", usageWidth, usageHeight)
	p := usagePanel{Name: Text(name), Area: Text(path.String()), Peak: amount(peak, unit), Mean: amount(sum/float64(total), unit)}
	p.Alt = Text(fmt.Sprintf("%s over %s: at most %s, %s on average", name, reports.Human(total), p.Peak, p.Mean))
	if budget > 0 {
		p.Has, p.Budget = true, y(budget)
		p.Peak += " of " + amount(budget, unit)
		p.Alt += ", of a budget of " + amount(budget, unit)
	}
	p.Alt += "."
	return p, true
}

// amount writes a number with at most one digit after the point.
func amount(v float64, unit string) Text {
	return Text(strings.TrimSpace(coord(v).String() + " " + unit))
}

// usageTicks marks four to eight round moments.
func usageTicks(total time.Duration) []usageTick {
	step := time.Second
	for _, s := range []time.Duration{2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400} {
		if total/step <= 8 {
			break
		}
		step = s * time.Second
	}
	for total/step > 8 { // a run that was resumed weeks later, or whose record is wrong
		step *= 2
	}
	var ticks []usageTick
	for n := range (total - 1) / step { // the end has a mark of its own
		at := (n + 1) * step
		ticks = append(ticks, usageTick{coord(float64(at) / float64(total) * 100), shortClock(at)})
	}
	return ticks
}

// shortClock writes a round duration: 30s, 2m, 1h30m.
func shortClock(d time.Duration) Text {
	s := d.String()
	for _, none := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(s, none) {
			s = s[:len(s)-2]
		}
	}
	return Text(s)
}
