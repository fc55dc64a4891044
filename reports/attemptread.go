package reports

import (
	"encoding/json"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

// ReadJudged reads an attempt's record, as encoding/json wrote it, as far as it
// takes part when the attempt is judged again: what it is, how it was judged, and
// where its evidence is. Of the clocks that is the engine's. What was asked,
// used and changed is left out.
func ReadJudged(text []byte) (Attempt, error) {
	var a Attempt
	j := jsonText{rest: text}
	j.object(func(key []byte) {
		switch string(key) {
		case "run_id":
			a.RunID = j.string()
		case "key":
			a.Key = j.string()
		case "iteration":
			a.Iteration = int(j.int())
		case "outcome":
			a.Outcome = rules.Outcome(j.string())
		case "reason":
			a.Reason = j.string()
		case "results":
			j.list(func() { a.Results = append(a.Results, j.result()) })
		case "circumstances":
			a.Circumstances = j.circumstances()
		case "compliance_score":
			a.Score = j.number()
		case "started":
			a.Started = j.time()
		case "phases":
			a.Phases.Engine = j.engineTime()
		case "digests":
			a.Digests = j.digests()
		case "dir":
			a.Dir = j.string()
		default:
			j.raw()
		}
	})
	if !j.done() {
		a = Attempt{}
		return a, json.Unmarshal(text, &a)
	}
	return a, nil
}

func (j *jsonText) result() (r rules.Result) {
	j.object(func(key []byte) {
		switch string(key) {
		case "label":
			r.Label = j.string()
		case "scope":
			r.Scope = rules.Scope(j.string())
		case "required":
			r.Required = j.bool()
		case "status":
			r.Status = rules.Status(j.string())
		case "host":
			r.Host = j.string()
		case "expected":
			r.Expected = j.string()
		case "got":
			r.Got = j.string()
		case "checkpoint":
			r.Checkpoint = j.string()
		case "raw":
			r.Raw = j.string()
		case "grade":
			r.Grade = j.string()
		case "evidence":
			r.Evidence = rules.Evidence(j.string())
		case "reason":
			r.Reason = j.string()
		case "once":
			r.Once = j.bool()
		default:
			j.fail()
		}
	})
	return r
}

func (j *jsonText) circumstances() (c rules.Circumstances) {
	j.object(func(key []byte) {
		switch string(key) {
		case "judged":
			c.Judged = j.bool()
		case "engine_acted":
			c.EngineActed = j.bool()
		case "provider_well":
			c.ProviderWell = j.bool()
		case "timed_out":
			c.TimedOut = j.bool()
		case "require_observed":
			c.RequireObserved = j.bool()
		default:
			j.fail()
		}
	})
	return c
}

func (j *jsonText) engineTime() (d time.Duration) {
	j.object(func(key []byte) {
		if string(key) == "engine_ns" {
			d = time.Duration(j.int())
		} else {
			j.raw()
		}
	})
	return d
}

// digests are those that pin rules and evidence.
func (j *jsonText) digests() (d Digests) {
	j.object(func(key []byte) {
		switch string(key) {
		case "scenario":
			d.Scenario = j.string()
		case "rules":
			d.Rules = j.string()
		case "evidence":
			d.Evidence = j.string()
		default:
			j.raw()
		}
	})
	return d
}
