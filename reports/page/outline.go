package page

import (
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/reports"
)

// maxLine bounds a line of events.jsonl, as package reports does.
const maxLine = 32 << 20

// severity orders outcomes by what a person should see first.
func severity(o rules.Outcome) int {
	order := []rules.Outcome{rules.Failed, rules.Unsafe, rules.Timeout, rules.Errored, rules.Passed, rules.Skipped}
	if i := slices.Index(order, o); i >= 0 {
		return i
	}
	return len(order)
}

// readOutline reads the outline of a run from events.jsonl. It takes a few
// fields of each line and decodes none: a history of twenty runs is read at
// the end of every run. Lines that are no events are passed over.
func readOutline(r io.Reader) (Outline, error) {
	var (
		o    Outline
		list []finished
		at   = map[reports.AttemptName]int{} // in list
		roll reports.Roll
	)
	err := eachLine(r, func(line []byte) {
		e := entryOf(line)
		switch effect := roll.Next(e); {
		case effect == reports.Removes:
			delete(at, e.Name)
		case e.Kind == reports.RunStarted:
			f := gjson.GetManyBytes(line, "run.run_id", "run.started", "run.provider", "run.engine")
			o.RunID, o.Started, o.Provider, o.Engine = f[0].Str, f[1].Time(), f[2].Str, f[3].Str
		case effect == reports.Adds:
			f := gjson.GetManyBytes(line, "attempt.outcome", "attempt.compliance_score", "attempt.usage.model", "attempt.digests.scenario")
			at[e.Name] = len(list)
			list = append(list, finished{e.Name, rules.Outcome(f[0].Str), f[1].Float(), f[2].Str, f[3].Str})
		case e.Kind == reports.RunResumed:
			o.Finished, o.Exit = time.Time{}, 0
		case e.Kind == reports.RunFinished:
			f := gjson.GetManyBytes(line, "at", "exit")
			o.Finished, o.Exit = f[0].Time(), int(f[1].Int())
		}
	})
	cells := map[string]*Cell{}
	for i, a := range list {
		if last, there := at[a.name]; there && last == i && !roll.Remade()[a.name] {
			o.count(cells, a)
		}
	}
	o.Scenarios = sortedCells(cells)
	return o, err
}

// entryOf reads what a roll takes of a line.
func entryOf(line []byte) reports.Entry {
	e := reports.Entry{Kind: reports.Kind(gjson.GetBytes(line, "event").Str)}
	switch e.Kind {
	case reports.AttemptFinished:
		f := gjson.GetManyBytes(line, "attempt.key", "attempt.iteration", "attempt.cut")
		e.Name, e.Cut = reports.AttemptName{Key: f[0].Str, Iteration: int(f[1].Int())}, f[2].Bool()
	case reports.AttemptStarted, reports.Flushed:
		f := gjson.GetManyBytes(line, "key", "iteration")
		e.Name = reports.AttemptName{Key: f[0].Str, Iteration: int(f[1].Int())}
	}
	return e
}

// finished is what an outline takes of an attempt.
type finished struct {
	name    reports.AttemptName
	outcome rules.Outcome
	score   float64
	model   string
	digest  string // of the scenario
}

func (o *Outline) count(cells map[string]*Cell, a finished) {
	c := cells[a.name.Key]
	if c == nil {
		added := NewCell(a.name.Key)
		c = &added
		cells[c.Key] = c
	}
	c.add(a.outcome, a.score)
	o.Model, c.Digest = cmp.Or(o.Model, a.model), a.digest
}

// OutlineOf is the outline of r.
func OutlineOf(r Run) Outline {
	o := Outline{
		RunID: r.Info.RunID, Started: r.Info.Started, Finished: r.Finished,
		Provider: r.Info.Provider, Engine: r.Info.Engine, Exit: r.Exit,
	}
	cells := map[string]*Cell{}
	for _, a := range r.Attempts {
		if a.Remade {
			continue
		}
		o.count(cells, finished{a.Name(), a.Outcome, a.Score, a.Usage.Model, a.Digests.Scenario})
	}
	o.Scenarios = sortedCells(cells)
	return o
}

// NewCell is the cell of a scenario before its attempts are counted.
func NewCell(key string) Cell {
	c := Cell{Worst: rules.Skipped}
	c.Key = key
	return c
}

// add counts one attempt.
func (c *Cell) add(outcome rules.Outcome, score float64) {
	compliant := 0
	if score >= 1 {
		compliant = 1
	}
	c.AddMany(outcome, 1, compliant)
}

// AddMany counts n attempts that ended alike, of which so many kept every
// compliance rule.
func (c *Cell) AddMany(outcome rules.Outcome, n, compliant int) {
	if severity(outcome) < severity(c.Worst) {
		c.Worst = outcome
	}
	if outcome == rules.Skipped {
		return // not even attempted
	}
	c.Attempted += n
	if !outcome.Scored() {
		return
	}
	c.Scored += n
	c.Compliant += compliant
	if outcome == rules.Passed {
		c.Passed += n
	}
}

func sortedCells(cells map[string]*Cell) []Cell {
	list := make([]Cell, 0, len(cells))
	for _, c := range cells {
		list = append(list, *c)
	}
	slices.SortFunc(list, func(a, b Cell) int { return strings.Compare(a.Key, b.Key) })
	return list
}

// timeOr is t, or where that is not known otherwise.
func timeOr(t, otherwise time.Time) time.Time {
	if t.IsZero() {
		return otherwise
	}
	return t
}

// readSpans reads from events.jsonl when machines were in use. An attempt whose
// end is not told, since the run died, is in use until the last event.
func readSpans(r io.Reader) ([]Span, error) {
	spans := map[reports.AttemptName]*Span{}
	var (
		last time.Time
		roll reports.Roll
	)
	err := eachLine(r, func(line []byte) {
		f := gjson.GetManyBytes(line, "event", "at", "key", "iteration")
		kind, at, n := reports.Kind(f[0].Str), f[1].Time(), reports.AttemptName{Key: f[2].Str, Iteration: int(f[3].Int())}
		if roll.Next(reports.Entry{Kind: kind, Name: n}) == reports.Removes {
			delete(spans, n)
			return
		}
		last = at
		switch s := spans[n]; {
		case kind == reports.AttemptStarted && s == nil:
			spans[n] = &Span{Key: n.Key, Iteration: n.Iteration, From: at}
		case s == nil:
		case kind == reports.AttemptFinished:
			s.Worked = at
		case gjson.GetBytes(line, "phase").Str == reports.PhaseRelease:
			s.Until = at
		}
	})
	list := make([]Span, 0, len(spans))
	for _, s := range spans {
		s.Worked = timeOr(s.Worked, last)
		s.Until = timeOr(s.Until, s.Worked)
		list = append(list, *s)
	}
	slices.SortFunc(list, func(a, b Span) int {
		return cmp.Or(a.From.Compare(b.From), strings.Compare(a.Key, b.Key), cmp.Compare(a.Iteration, b.Iteration))
	})
	return list, err
}

// eachLine calls do with every line that is a JSON object. A last line that a
// crash tore is none.
func eachLine(r io.Reader, do func(line []byte)) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 64<<10), maxLine)
	for lines.Scan() {
		if l := bytes.TrimSpace(lines.Bytes()); len(l) > 1 && l[0] == '{' && l[len(l)-1] == '}' {
			do(l)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read events: %w", err)
	}
	return nil
}
