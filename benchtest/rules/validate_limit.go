package rules

import (
	"fmt"
	"time"

	"gopkg.in/yaml.v3"
)

// limitDef is a validator of one parameter, max, over one number of the record.
func limitDef(name, doc string, whole bool, used func(record) float64) validatorDef {
	kind := "number"
	if whole {
		kind = "integer"
	}
	return validatorDef{
		name: name, doc: doc,
		params: []paramDef{{name: "max", doc: "the most that is allowed", required: true, schema: map[string]any{"type": kind, "minimum": 0}}},
		parse: func(rd *reader, _ *yaml.Node, p params) complianceCheck {
			most, ok := rd.number(p["max"], "max", whole)
			if ok && most < 0 {
				rd.problem(p["max"], "max: a limit is not negative, got %s", show(most))
			}
			return limitCheck{name: name, most: most, used: used}
		},
	}
}

// limitCheck asks whether what was used, by the engine's own account, stays
// within a limit. Zero means that the engine did not say.
type limitCheck struct {
	name string
	most float64
	used func(record) float64
}

func (c limitCheck) cannotFail() bool { return false }
func (c limitCheck) expected() string { return c.name + " " + show(c.most) }

func (c limitCheck) ask(rec record) answer {
	used := c.used(rec)
	a := answer{evidence: SelfReported, holds: used <= c.most, got: show(used)}
	if used == 0 {
		a.missing = "usage for " + c.name
	}
	return a
}

func maxTurnsDef() validatorDef {
	return limitDef("max_turns", "the engine's model took at most so many turns", true, func(rec record) float64 {
		return float64(rec.job.Usage.Turns)
	})
}

func maxTokensDef() validatorDef {
	return limitDef("max_tokens", "input and output tokens together are at most so many", true, func(rec record) float64 {
		return float64(rec.job.Usage.InputTokens) + float64(rec.job.Usage.OutputTokens)
	})
}

func maxCostDef() validatorDef {
	return limitDef("max_cost", "the model's cost is at most so many US dollars", false, func(rec record) float64 {
		return rec.job.Usage.CostUSD
	})
}

func maxDurationDef() validatorDef {
	return validatorDef{
		name: "max_duration", doc: "the engine worked at most so long, by our clock",
		params: []paramDef{{name: "max", doc: "for instance 5m", required: true, schema: durationSchema()}},
		parse: func(rd *reader, _ *yaml.Node, p params) complianceCheck {
			most, ok := rd.duration(p["max"], "max")
			if !ok {
				return nil
			}
			return durationCheck(most)
		},
	}
}

// durationCheck asks how long the engine worked, which we saw ourselves.
type durationCheck time.Duration

func (c durationCheck) cannotFail() bool { return false }
func (c durationCheck) expected() string {
	return fmt.Sprintf("at most %s", time.Duration(c))
}

func (c durationCheck) ask(rec record) answer {
	d := rec.opts.Duration
	if d == 0 {
		return answer{evidence: Observed, missing: "duration"}
	}
	return answer{evidence: Observed, holds: d <= time.Duration(c), got: d.Round(time.Millisecond).String()}
}
