package page

import (
	"fmt"
	"slices"
	"strings"
)

// rateChart draws pass rate and compliance of runs over time, oldest first,
// with the intervals of both.
type rateChart struct {
	Width, Height coord
	Grid          []gridLine
	Pass, Kept    series
	Alt           Text
	From, To      Text // the first and the last run's time
	Of            Text // engine and provider
}

type gridLine struct {
	Y    coord
	Text Text
}

// A series is one line of the drawing.
type series struct {
	Line   Text // points of a polyline
	Band   Text // points of a polygon: the interval
	Points []point
}

type point struct {
	X, Y, Low, High coord
	Title           Text
	Current         bool
}

const (
	chartLeft   = 44
	chartTop    = 10
	chartHeight = 170
	chartRoom   = 1080 // what all steps have together
	leastStep   = 26
	mostStep    = 120
)

// newRateChart draws runs (newest first); current is the one the page is about.
// It is nil when fewer than two runs have a rate.
func newRateChart(runs []ratedRun, current string) *rateChart {
	c := &rateChart{Height: chartTop + chartHeight + 14}
	var pass, kept []point
	var list []Text
	i, step := 0, min(max(chartRoom/max(len(runs), 1), leastStep), mostStep)
	for _, o := range slices.Backward(runs) {
		p, k := o.pass, o.kept
		if p.Estimate.Scored == 0 {
			continue
		}
		x := coord(chartLeft + 22 + i*step)
		now := o.RunID == current
		pass = append(pass, newPoint(x-3, p, "Pass rate", o.Outline, now))
		kept = append(kept, newPoint(x+3, k, "Compliance", o.Outline, now))
		list = append(list, moment(o.Started)+": "+p.Percent+" passed, "+k.Percent+" compliant")
		c.To = moment(o.Started)
		if i == 0 {
			c.From = c.To
		}
		i++
	}
	if i < 2 {
		return nil
	}
	c.Width = coord(chartLeft + 44 + (i-1)*step + 8)
	for _, v := range []int{100, 75, 50, 25, 0} {
		c.Grid = append(c.Grid, gridLine{rateY(float64(v) / 100), Text(fmt.Sprintf("%d %%", v))})
	}
	c.Of = Text(runs[0].Engine + " on " + runs[0].Provider)
	c.Pass, c.Kept = newSeries(pass), newSeries(kept)
	c.Alt = Text(fmt.Sprintf("Pass rate and compliance of %d runs, oldest first. ", i))
	for _, t := range list {
		c.Alt += t + ". "
	}
	return c
}

func newPoint(x coord, r rate, what Text, o Outline, current bool) point {
	return point{
		X: x, Y: rateY(r.Estimate.Rate), Low: rateY(r.Estimate.Interval.Low), High: rateY(r.Estimate.Interval.High), Current: current,
		Title: what + " " + r.Percent + " (" + r.Interval + "), " + r.Of + ", " + moment(o.Started),
	}
}

func rateY(share float64) coord { return coord(chartTop + (1-share)*chartHeight) }

func newSeries(points []point) series {
	s := series{Points: points}
	var up, down, on strings.Builder
	for i, p := range points {
		fmt.Fprintf(&on, "%s,%s ", p.X, p.Y)
		fmt.Fprintf(&up, "%s,%s ", p.X, p.High)
		last := points[len(points)-1-i]
		fmt.Fprintf(&down, "%s,%s ", last.X, last.Low)
	}
	s.Line, s.Band = Text(strings.TrimSpace(on.String())), Text(strings.TrimSpace(up.String()+down.String()))
	return s
}
