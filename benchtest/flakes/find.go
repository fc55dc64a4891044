// Package flakes says of scenarios that pass at one time and not at another
// where the difference comes from, as far as recorded attempts show it.
package flakes

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/benchtest/scenario"
	"github.com/benchtest-dev/benchtest/benchtest/stats"
	"github.com/benchtest-dev/benchtest/reports"
)

// Oracle is the engine that always does the same, so that what differs between
// its attempts is not its doing.
const Oracle = "oracle"

// A Search is for scenarios whose verdicts are mixed.
type Search struct {
	Source reports.Source
	// Runs are the names of the runs to look at.
	Runs []string
	// Since leaves out attempts that began before; the zero time leaves out none.
	Since time.Time
	// Keys are the scenarios to look at; none means all.
	Keys []string
	// Scenarios are those of today: with them attempts are judged again. One that
	// is not there, or has changed since, cannot be.
	Scenarios []*scenario.Scenario
}

// A Finding is one scenario with mixed verdicts, of one engine, on machines of
// one kind and as its files were at one time.
type Finding struct {
	Key    string `json:"key"`
	Digest string `json:"scenario_digest"` // of its files, in hex
	// Engine is the one whose verdicts differ; the oracle, where those of no other do.
	Engine   string   `json:"engine"`
	Models   []string `json:"models,omitempty"`
	Provider string   `json:"provider"`
	stats.Flake
	// NotRuledOut are other causes that nothing speaks against so far; Missing says
	// what would.
	NotRuledOut []stats.Cause `json:"not_ruled_out,omitempty"`
	// Rejudged counts the attempts whose evidence was judged twice, of Judgeable
	// that rules had judged.
	Rejudged  int `json:"rejudged"`
	Judgeable int `json:"judgeable"`
	// Why names attempts that speak for the cause, at most MaxExamples.
	Why     []Example `json:"why"`
	Missing []string  `json:"missing,omitempty"`
}

// MaxExamples bounds Finding.Why.
const MaxExamples = 3

// An Example is an attempt that speaks for a cause.
type Example struct {
	Attempt string `json:"attempt"` // its ID
	Says    string `json:"says"`
}

// Find reads the runs and lists the findings by scenario and engine. It holds
// one run at a time.
func (s Search) Find(ctx context.Context) ([]Finding, error) {
	groups := map[groupID]*group{}
	err := s.each(ctx, func(_ reports.Record, a *reports.Attempt) error {
		id := groupOf(a)
		if groups[id] == nil {
			groups[id] = &group{groupID: id, models: map[string]bool{}}
		}
		groups[id].count(a)
		return nil
	})
	if err != nil {
		return nil, err
	}
	mixed := map[groupID]bool{}
	for id, g := range groups {
		if g.mixed() {
			mixed[id], mixed[id.oracle()] = true, true
		}
	}
	j := newJudge(s)
	err = s.each(ctx, func(rec reports.Record, a *reports.Attempt) error {
		if id := groupOf(a); mixed[id] && a.Outcome.Scored() {
			groups[id].add(ctx, j, rec, a)
		}
		return ctx.Err()
	})
	if err != nil {
		return nil, err
	}
	return findings(groups), nil
}

// each reads the runs, one after the other, and calls do for what is chosen.
func (s Search) each(ctx context.Context, do func(reports.Record, *reports.Attempt) error) error {
	seen := map[string]bool{} // one run may go by two names
	for _, name := range s.Runs {
		rec, err := s.Source.Record(ctx, name)
		if err != nil {
			return err
		}
		for i := range rec.Attempts {
			a := &rec.Attempts[i]
			if seen[a.ID()] || a.Outcome == rules.Skipped || a.Remade || a.Started.Before(s.Since) || len(s.Keys) > 0 && !slices.Contains(s.Keys, a.Key) {
				continue
			}
			seen[a.ID()] = true
			if err := do(rec, a); err != nil {
				return err
			}
		}
	}
	return nil
}

// findings lists what the groups with mixed verdicts come to. Where an engine's
// are, the oracle's stand with them and not alone.
func findings(groups map[groupID]*group) []Finding {
	var list []Finding
	told := map[groupID]bool{}
	for id, g := range groups {
		if id.engine != Oracle && g.mixed() {
			oracle := groups[id.oracle()]
			list = append(list, finding(g, oracle))
			told[id.oracle()] = true
		}
	}
	for id, g := range groups {
		if id.engine == Oracle && g.mixed() && !told[id] {
			list = append(list, finding(nil, g))
		}
	}
	slices.SortFunc(list, func(a, b Finding) int {
		return cmp.Or(strings.Compare(a.Key, b.Key), strings.Compare(a.Engine, b.Engine), strings.Compare(a.Provider, b.Provider), strings.Compare(a.Digest, b.Digest))
	})
	return list
}

func finding(engine, oracle *group) Finding {
	if oracle == nil {
		oracle = &group{}
	}
	of := engine
	if of == nil {
		of, engine = oracle, &group{}
	}
	f := Finding{
		Key: of.key, Digest: of.digest, Engine: of.engine, Models: slices.Sorted(maps.Keys(of.models)), Provider: of.provider,
		Flake:    stats.Attribute(engine.replays, oracle.replays),
		Rejudged: engine.rejudged + oracle.rejudged, Judgeable: engine.judgeable + oracle.judgeable,
	}
	// Errored attempts were never judged, and stand beside every rate.
	f.Flake.Engine.Attempted, f.Flake.Oracle.Attempted = engine.tally.Attempted, oracle.tally.Attempted
	f.Why = why(f.Cause, engine, oracle)
	f.missing(engine, oracle)
	return f
}

// why picks the attempts that speak for the cause.
func why(cause stats.Cause, engine, oracle *group) []Example {
	var list []Example
	switch cause {
	case stats.Checker:
		list = slices.Concat(engine.changed, oracle.changed)
	case stats.Environment:
		list = oracle.failed
	default:
		list = engine.failed
	}
	return list[:min(len(list), MaxExamples)]
}
