package page

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/benchtest-dev/benchtest/reports"
)

// A Report is what report.html is made of.
type Report struct {
	Run Run
	// History are runs before this one, newest first: those it is seen among.
	// The first with a scenario in common is the one it is compared with.
	History []Outline
	// Source has the evidence of the attempts.
	Source Source
	// Repeat is the command that repeats an attempt; nil or "": none is shown.
	Repeat func(reports.Attempt) string
}

// Write writes the one file that holds everything about a run. The evidence of a
// few attempts is in memory at a time.
func (r *Renderer) Write(ctx context.Context, w io.Writer, rep Report) error {
	model := newRunModel(rep, Query{}, Links{})
	if err := r.begin(w, frame{Title: model.Headline + " · " + model.RunID, Nav: reportNav()}); err != nil {
		return err
	}
	if err := r.part(w, "run", model); err != nil {
		return err
	}
	if err := r.part(w, "details", nil); err != nil {
		return err
	}
	if err := r.details(ctx, w, rep); err != nil {
		return err
	}
	if err := r.part(w, "after", model); err != nil {
		return err
	}
	return r.end(w)
}

// runModel is what a page about a run shows.
type runModel struct {
	overview
	Rows  rows
	Chart *rateChart
	Heat  *heatMap
	Usage *usage
	About []figure
}

func newRunModel(rep Report, q Query, links Links) runModel {
	o := OutlineOf(rep.Run)
	all := append([]Outline{o}, rep.History...)
	counted := rep.Run
	counted.Attempts = slices.DeleteFunc(slices.Clone(counted.Attempts), func(a reports.Attempt) bool { return a.Remade })
	over := newOverview(counted, o, baseline(o, rep.History), links)
	over.Remade = newRemade(rep.Run.Attempts, links)
	return runModel{
		over, newRows(counted.Attempts, q, links),
		newRateChart(rateRuns(all), o.RunID), newHeatMap(all, o.RunID, links), newUsage(rep.Run), aboutRun(rep.Run),
	}
}

// details writes every attempt. Some are laid out while others are written, and
// no more are in memory: twice as many as there are processors.
func (r *Renderer) details(ctx context.Context, w io.Writer, rep Report) error {
	list, repeated := worstFirst(rep.Run.Attempts), repeats(rep.Run.Attempts)
	group, ctx := errgroup.WithContext(ctx)
	ahead := make(chan chan []byte, 2*runtime.GOMAXPROCS(0)-1)
	group.Go(func() error {
		defer close(ahead)
		for _, a := range list {
			part := make(chan []byte, 1)
			select {
			case ahead <- part:
			case <-ctx.Done():
				return ctx.Err()
			}
			group.Go(func() error {
				defer close(part)
				var b bytes.Buffer
				err := r.detail(ctx, &b, rep, a, named(a, repeated))
				part <- b.Bytes()
				return err
			})
		}
		return nil
	})
	group.Go(func() error {
		for part := range ahead {
			if _, err := w.Write(<-part); err != nil {
				return fmt.Errorf("write page: %w", err)
			}
		}
		return nil
	})
	return group.Wait()
}

// detail writes one attempt.
func (r *Renderer) detail(ctx context.Context, w io.Writer, rep Report, a reports.Attempt, name Text) error {
	e, err := evidence(ctx, rep.Source, a)
	if err != nil {
		return err
	}
	d := newDetail(a, e, name, Links{})
	if rep.Repeat != nil {
		d.Repeat = Text(rep.Repeat(a))
	}
	return r.part(w, "folded", d)
}

func reportNav() []navLink {
	return []navLink{{"#summary", "Summary"}, {"#attempts", "Attempts"}, {"#history", "History"}, {"#machine", "Machine"}, {"#details", "Details"}}
}

// evidence is what a left; that it cannot be read is shown and no reason to
// have no report.
func evidence(ctx context.Context, s Source, a reports.Attempt) (Evidence, error) {
	if s == nil {
		return Evidence{}, nil
	}
	e, err := s.Evidence(ctx, a)
	switch {
	case ctx.Err() != nil:
		return e, ctx.Err()
	case errors.Is(err, fs.ErrNotExist):
		e.Problem = "The files of this attempt are not there."
	case err != nil:
		e.Problem = err.Error()
	}
	return e, nil
}

// baseline is the newest run before o with at least half of its scenarios,
// or else the newest with any.
func baseline(o Outline, history []Outline) *Outline {
	mine := byKey(o)
	var some *Outline
	for i, h := range history {
		shared := 0
		for _, c := range h.Scenarios {
			if mine[c.Key].Attempted > 0 && c.Attempted > 0 {
				shared++
			}
		}
		if 2*shared >= len(mine) && shared > 0 {
			return &history[i]
		}
		if shared > 0 && some == nil {
			some = &history[i]
		}
	}
	return some
}

// worstFirst orders attempts as the table has them.
func worstFirst(attempts []reports.Attempt) []reports.Attempt {
	var list []reports.Attempt
	for _, o := range shown() {
		for _, a := range attempts {
			if a.Outcome == o {
				list = append(list, a)
			}
		}
	}
	return list
}
