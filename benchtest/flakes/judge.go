package flakes

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/benchtest-dev/benchtest/benchtest/rescore"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/benchtest/scenario"
	"github.com/benchtest-dev/benchtest/benchtest/verdict"
	"github.com/benchtest-dev/benchtest/reports"
)

const passed = rules.Passed

// errChanged says that the rules of then are not here.
var errChanged = errors.New("the scenario is not here as it was")

// judgements is how often an attempt is judged again.
const judgements = 2

// A judge judges recorded attempts again, by the rules of then.
type judge struct {
	source    reports.Source
	scenarios map[string]*scenario.Scenario
}

func newJudge(s Search) *judge {
	j := &judge{s.Source, map[string]*scenario.Scenario{}}
	for _, sc := range s.Scenarios {
		j.scenarios[sc.Key] = sc
	}
	return j
}

// again is what came of judging a's evidence anew, at other times and now. What
// could be had of it stands beside an error.
func (j *judge) again(ctx context.Context, rec reports.Record, a *reports.Attempt) ([]rules.Outcome, error) {
	var list []rules.Outcome
	for _, v := range a.Rescored {
		if v.Scenario == a.Digests.Scenario && v.Outcome.Scored() {
			list = append(list, v.Outcome)
		}
	}
	sc := j.scenarios[a.Key]
	if sc == nil || sc.Digest != a.Digests.Scenario {
		return list, errChanged
	}
	e, err := j.source.ReadEvidence(ctx, rec, a, verdict.Asks(sc))
	if err != nil {
		return list, err
	}
	for range judgements {
		v, err := rescore.Judge(sc, a, e)
		if err != nil {
			return list, err
		}
		if !v.Outcome.Scored() {
			return list, fmt.Errorf("%s: %s", v.Outcome, v.Reason)
		}
		list = append(list, v.Outcome)
	}
	return list, nil
}

// restsOnOnce reports whether a program in the guest had a say in the verdict,
// which re-scoring keeps.
func restsOnOnce(a *reports.Attempt) bool {
	return slices.ContainsFunc(a.Results, func(r rules.Result) bool { return r.Once && r.Required })
}
