// Package gate decides whether a run is good enough: -benchtest.fail. It is
// pure, so that the run and `benchtest merge` decide alike.
package gate

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/benchtest-dev/benchtest/benchtest/stats"
	"github.com/benchtest-dev/benchtest/reports"
)

// The conditions.
const (
	anyFails      = "any"
	never         = "never"
	minPassRate   = "min-pass-rate"
	minLowerBound = "min-lower-bound"
	noRegression  = "no-regression"
	errorBudget   = "error-budget"
)

// Usage says what Parse takes.
const Usage = "any, never, min-pass-rate=0.8, min-lower-bound=0.7, no-regression=BENCHMARK, error-budget=0.05"

// A Gate is what -benchtest.fail says. The zero value is any: no gate, and each
// attempt that did not pass fails the run itself.
type Gate struct {
	conditions []condition
}

type condition struct {
	name  string
	limit float64
	run   string // no-regression: the run to compare with
}

// String is the condition as it was given.
func (c condition) String() string {
	switch c.name {
	case never:
		return never
	case noRegression:
		return c.name + "=" + c.run
	}
	return c.name + "=" + strconv.FormatFloat(c.limit, 'g', -1, 64)
}

// Parse reads conditions that are joined by commas. All of them must hold. any
// and never stand alone. An error says what is wanted.
func Parse(text string) (Gate, error) {
	var g Gate
	parts := strings.Split(text, ",")
	for _, part := range parts {
		part = strings.TrimSpace(part)
		name, value, valued := strings.Cut(part, "=")
		if name == anyFails || name == never {
			if valued || len(parts) > 1 {
				return Gate{}, fmt.Errorf("%s stands alone: want one of %s", name, Usage)
			}
			if name == never {
				g.conditions = []condition{{name: never}}
			}
			return g, nil
		}
		c, err := parseCondition(name, strings.TrimSpace(value))
		if err != nil {
			return Gate{}, err
		}
		if slices.ContainsFunc(g.conditions, func(o condition) bool { return o.name == c.name }) {
			return Gate{}, fmt.Errorf("%s stands twice: give it once", name)
		}
		g.conditions = append(g.conditions, c)
	}
	return g, nil
}

func parseCondition(name, value string) (condition, error) {
	switch name {
	case minPassRate, minLowerBound, errorBudget:
	case noRegression:
		if value == "" {
			return condition{}, fmt.Errorf("%s names no run: give the ID or the directory of one, such as no-regression=runs/main", name)
		}
		return condition{name: name, run: value}, nil
	default:
		return condition{}, fmt.Errorf("%q is no gate: want %s, the last four joined by commas", name, Usage)
	}
	v, err := strconv.ParseFloat(value, 64)
	if err != nil || math.IsNaN(v) || v < 0 || v > 1 {
		return condition{}, fmt.Errorf("%s=%s: want a number from 0 to 1, such as %s=0.8", name, value, name)
	}
	switch {
	case name == minPassRate && v == 0:
		return condition{}, fmt.Errorf("%s=0 lets everything pass: want more than 0, or never", name)
	case name == minLowerBound && (v == 0 || v == 1):
		return condition{}, fmt.Errorf("%s=%s: no interval begins there: want more than 0 and less than 1", name, value)
	case name == errorBudget && v == 1:
		return condition{}, fmt.Errorf("%s=1 lets everything pass: want less than 1", name)
	}
	return condition{name: name, limit: v}, nil
}

// Any reports whether there is no gate, so that go test decides.
func (g Gate) Any() bool { return len(g.conditions) == 0 }

// String is the gate as it was given, any without one.
func (g Gate) String() string {
	if g.Any() {
		return anyFails
	}
	names := make([]string, len(g.conditions))
	for i, c := range g.conditions {
		names[i] = c.String()
	}
	return strings.Join(names, ",")
}

// Baseline is the run that no-regression compares with; empty without it.
func (g Gate) Baseline() string {
	for _, c := range g.conditions {
		if c.name == noRegression {
			return c.run
		}
	}
	return ""
}

// Decide judges the scenarios of a run, and those of the baseline where the gate
// has one. The first condition that does not hold decides; where all do, all
// have. Without a gate (Any) the zero verdict passes. A run that scored nothing
// passes no condition but never.
func (g Gate) Decide(run, baseline []stats.Scenario) reports.GateVerdict {
	if g.Any() {
		return reports.GateVerdict{}
	}
	suite := stats.OfSuite(run, stats.Confidence, reports.StatsSeed)
	var why []string
	for _, c := range g.conditions {
		holds, reason := c.holds(suite, run, baseline)
		if !holds {
			return reports.GateVerdict{Failed: true, Gate: c.String(), Reason: reason}
		}
		why = append(why, reason)
	}
	return reports.GateVerdict{Gate: g.String(), Reason: strings.Join(why, "; ")}
}
