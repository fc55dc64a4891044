package flakes

import (
	"context"
	"errors"

	"github.com/benchtest-dev/benchtest/benchtest/stats"
	"github.com/benchtest-dev/benchtest/reports"
)

// A groupID is what attempts have in common that should end alike.
type groupID struct{ key, digest, provider, engine string }

func groupOf(a *reports.Attempt) groupID {
	return groupID{a.Key, a.Digests.Scenario, a.Provider, a.Engine}
}

// oracle is the group of the oracle's attempts at the same.
func (g groupID) oracle() groupID {
	g.engine = Oracle
	return g
}

// A group is attempts that should end alike.
type group struct {
	groupID
	tally  stats.Tally
	models map[string]bool

	// What add collects, of those that were scored.
	replays         []stats.Replay
	failed, changed []Example
	// judgeable had their verdict from rules; rejudged of them again now; kept
	// rest on what a program in the guest said, which nobody can ask again.
	judgeable, rejudged, kept int
	unjudged                  error // why the first of the others was not
}

// count is the first look at an attempt: what it takes to see a mixture.
func (g *group) count(a *reports.Attempt) {
	g.tally = g.tally.Plus(reports.Tallies([]reports.Attempt{*a})[0].Tally)
	if a.Usage.Model != "" {
		g.models[a.Usage.Model] = true
	}
}

func (g *group) mixed() bool { return g.tally.Passed > 0 && g.tally.Passed < g.tally.Scored }

// add is the second look at a scored attempt: it is judged again.
func (g *group) add(ctx context.Context, j *judge, rec reports.Record, a *reports.Attempt) {
	r := stats.Replay{Passed: a.Outcome == passed}
	if !r.Passed {
		g.failed = append(g.failed, Example{a.ID(), string(a.Outcome) + ": " + reports.Headline(*a)})
	}
	if a.Circumstances.Judged {
		g.judgeable++
		if restsOnOnce(a) {
			g.kept++
		}
		again, err := j.again(ctx, rec, a)
		for _, outcome := range again {
			r.Rescore = append(r.Rescore, outcome == passed)
			if (outcome == passed) != r.Passed && (len(g.changed) == 0 || g.changed[len(g.changed)-1].Attempt != a.ID()) {
				g.changed = append(g.changed, Example{a.ID(), "judged " + string(a.Outcome) + ", and " + string(outcome) + " on the same evidence"})
			}
		}
		if err == nil {
			g.rejudged++
		} else if g.unjudged == nil || errors.Is(g.unjudged, errChanged) {
			g.unjudged = err
		}
	}
	g.replays = append(g.replays, r)
}
