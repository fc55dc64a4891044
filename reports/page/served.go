package page

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/benchtest-dev/benchtest/reports"
)

// Home is the page of all runs.
type Home struct {
	Runs  []Outline // newest first
	Query HomeQuery
	// Older is the ID to go on before; empty: there are no more.
	Older string
}

// HomeQuery is the choice of runs that an address makes.
type HomeQuery struct{ Engine, Provider, Find Text }

// homeModel is what the page of all runs shows.
type homeModel struct {
	Runs               []homeRow
	Chart              *rateChart
	Heat               *heatMap
	Query              HomeQuery
	Engines, Providers []Text
	Older              Text
	Latest             *homeRow
}

// homeRow is one run in the table.
type homeRow struct {
	RunID, Href, Started, Engine, Provider, State Text
	Pass, Kept                                    rate
	Failing                                       Text // how many scenarios are
	Good                                          bool
}

// Home writes the page of all runs.
func (r *Renderer) Home(w io.Writer, h Home) error {
	m := homeModel{
		Query: h.Query, Older: Text(h.Older), Heat: newHeatMap(h.Runs, "", Links{Served: true}),
		Engines: distinct(h.Runs, func(o Outline) string { return o.Engine }), Providers: distinct(h.Runs, func(o Outline) string { return o.Provider }),
	}
	runs := rateRuns(h.Runs)
	for _, o := range runs {
		m.Runs = append(m.Runs, newHomeRow(o))
	}
	if len(m.Runs) > 0 {
		m.Latest = &m.Runs[0]
		m.Chart = newRateChart(alike(runs), h.Runs[0].RunID)
	}
	return r.whole(w, frame{Title: "Runs", Nav: servedNav()}, "home", m)
}

// alike are the runs of the same engine and provider as the latest: rates of
// others are no trend.
func alike(runs []ratedRun) []ratedRun {
	return slices.DeleteFunc(slices.Clone(runs), func(o ratedRun) bool {
		return o.Engine != runs[0].Engine || o.Provider != runs[0].Provider
	})
}

func newHomeRow(o ratedRun) homeRow {
	row := homeRow{
		RunID: Text(o.RunID), Href: Links{Served: true}.run(o.RunID), Started: moment(o.Started), Engine: Text(o.Engine), Provider: Text(o.Provider),
		Pass: o.pass, Kept: o.kept, State: Text(fmt.Sprintf("exit %d", o.Exit)),
	}
	if o.Model != "" {
		row.Engine += Text(" · " + o.Model)
	}
	if o.Finished.IsZero() {
		row.State = "not finished"
	}
	failing := 0
	for _, c := range o.Scenarios {
		if c.Passed < c.Attempted {
			failing++
		}
	}
	row.Good, row.Failing = failing == 0, Text(fmt.Sprintf("%d of %s not passing", failing, plural(len(o.Scenarios), "scenario", "scenarios")))
	return row
}

// distinct lists what the runs have, sorted.
func distinct(runs []Outline, of func(Outline) string) []Text {
	var list []Text
	for _, o := range runs {
		list = append(list, Text(of(o)))
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// Run writes the page of one run; its attempts have pages of their own.
func (r *Renderer) Run(w io.Writer, rep Report, q Query) error {
	m := newRunModel(rep, q, Links{Served: true})
	if err := r.begin(w, frame{Title: m.Headline + " · " + m.RunID, Nav: servedNav()}); err != nil {
		return err
	}
	if err := r.part(w, "run", m); err != nil {
		return err
	}
	if err := r.part(w, "made", m); err != nil {
		return err
	}
	return r.end(w)
}

// Attempt writes the page of one attempt.
func (r *Renderer) Attempt(ctx context.Context, w io.Writer, s Source, a reports.Attempt) error {
	e, err := evidence(ctx, s, a)
	if err != nil {
		return err
	}
	name := Text(fmt.Sprintf("%s/i%d", a.Key, a.Iteration))
	return r.whole(w, frame{Title: Text(a.Outcome) + " · " + name, Nav: servedNav()}, "alone", newDetail(a, e, name, Links{Served: true}))
}

// Compare writes the comparison of two runs, a before and b after.
func (r *Renderer) Compare(w io.Writer, a, b Outline) error {
	return r.whole(w, frame{Title: "Comparison", Nav: servedNav()}, "compare", compareRuns(a, b, Links{Served: true}))
}

// Problem writes a page that says what cannot be shown, and what to do.
func (r *Renderer) Problem(w io.Writer, title, says string) error {
	m := struct{ Title, Says Text }{Text(title), Text(says)}
	return r.whole(w, frame{Title: m.Title, Nav: servedNav()}, "problem", m)
}

// whole writes a page of one part.
func (r *Renderer) whole(w io.Writer, f frame, part string, model any) error {
	if err := r.begin(w, f); err != nil {
		return err
	}
	if err := r.part(w, part, model); err != nil {
		return err
	}
	return r.end(w)
}

func servedNav() []navLink { return []navLink{{"/", "Runs"}} }
