// Package rescore applies the rules of today to the evidence of then. It needs
// no machine.
package rescore

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/benchtest/scenario"
	"github.com/benchtest-dev/benchtest/benchtest/verdict"
	"github.com/benchtest-dev/benchtest/reports"
)

// ErrNotJudged says that rules never had their say on an attempt: it was
// skipped, or broke before.
var ErrNotJudged = errors.New("it was never judged")

// Judge is what the rules of sc say today of a, whose evidence e is. A rule
// whose fact was never asked for is errored, and the attempt with it; so is one
// whose secret is no longer in the evidence.
func Judge(sc *scenario.Scenario, a *reports.Attempt, e reports.Evidence) (reports.Verdict, error) {
	return judge(&known{sc, rules.Digest(sc.State, sc.Compliance)}, a, e)
}

func judge(sc *known, a *reports.Attempt, e reports.Evidence) (reports.Verdict, error) {
	if !a.Circumstances.Judged {
		return reports.Verdict{}, fmt.Errorf("%w: %s: %s", ErrNotJudged, a.Outcome, a.Reason)
	}
	given := verdict.Evidence{
		Job: e.Job, EngineTime: a.Phases.Engine, Circumstances: a.Circumstances,
		Once: slices.DeleteFunc(slices.Clone(a.Results), func(r rules.Result) bool { return !r.Once }),
	}
	for _, h := range sc.Hosts {
		at, samples := e.At(h.HostName)
		given.Hosts = append(given.Hosts, verdict.Host{Name: h.HostName, At: at, Samples: samples})
	}
	v := verdict.Judge(sc.Scenario, given)
	if reason := withoutRedacted(sc, a, e, v.Results); reason != "" {
		v.Outcome, v.Reason = rules.Decide(rules.DecideInput{Errored: reason})
	}
	return reports.Verdict{
		At: time.Now().UTC(), Outcome: v.Outcome, Reason: v.Reason, Results: v.Results, Score: v.Score,
		Scenario: sc.Digest, Rules: sc.digest,
	}, nil
}
