package page

import (
	"fmt"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/reports"
)

// timeline is a drawing of an attempt's phases, with the commands in it.
type timeline struct {
	Phases []phase
	Marks  []coord // of commands
	Fixed  coord   // where the machine was first well; below 0: never
	Alt    Text
	Total  Text
}

// phase is one stretch of the drawing, which is timelineWidth wide.
type phase struct {
	Name, Took, Class Text
	X, Width          coord
	Labelled          bool // its name fits
}

const (
	timelineWidth = 1000
	leastPhase    = 2 // what is drawn of a phase that is too short to see
)

// newTimeline draws the phases from admission on; nil when there was none.
func newTimeline(a reports.Attempt, j rules.Job) *timeline {
	p := a.Phases
	total := p.Total()
	if total <= 0 {
		return nil
	}
	scale := func(d time.Duration) coord { return coord(float64(d) / float64(total) * timelineWidth) }
	t := &timeline{Fixed: -1, Total: clock(total)}
	var at time.Duration
	var engine time.Duration
	for _, s := range []struct {
		name, class Text
		took        time.Duration
	}{
		{"hand-over", "setup", p.Handover + p.Ready},
		{"restore", "setup", p.Restore},
		{"prepare", "fault", p.Prepare},
		{"control", "fault", p.Control},
		{"engine", "engine", p.Engine},
		{"hold", "hold", p.Hold},
		{"rules", "setup", p.Rules},
		{"release", "setup", p.Release},
	} {
		if s.name == "engine" {
			engine = at
		}
		if s.took > 0 {
			w := max(scale(s.took), leastPhase)
			t.Phases = append(t.Phases, phase{s.name, clock(s.took), s.class, scale(at), w, w > coord(9*len(s.name)+12)})
		}
		at += s.took
	}
	if a.FirstFixed != nil {
		t.Fixed = min(scale(engine+*a.FirstFixed), timelineWidth)
	}
	began := engineBegan(a)
	for _, c := range ran(j) {
		if d := c.At.Sub(began); !c.At.IsZero() && d >= 0 && d <= p.Engine && len(t.Marks) < maxCommands {
			t.Marks = append(t.Marks, scale(engine+d))
		}
	}
	t.Alt = Text(fmt.Sprintf("Timeline of %s.", clock(total)))
	for _, s := range t.Phases {
		t.Alt += " " + s.Name + " " + s.Took + "."
	}
	if a.FirstFixed != nil {
		t.Alt += " First fixed " + clock(max(*a.FirstFixed, 1)) + " after the engine began."
	}
	return t
}
