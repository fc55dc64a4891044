package reports

import (
	"encoding/json"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

// ReadJob reads a job record of our own, as encoding/json does.
func ReadJob(text []byte) (job rules.Job, err error) {
	j := jsonText{rest: text}
	j.object(func(key []byte) {
		switch string(key) {
		case "resolution":
			job.Resolution = j.resolution()
		case "plan":
			job.Plan = j.string()
		case "messages":
			job.Messages = j.strings()
		case "usage":
			j.usage(&job.Usage)
		case "tasks":
			j.list(func() { job.Tasks = append(job.Tasks, j.task()) })
		case "gateway":
			j.gateway(&job.Gateway)
		default:
			j.fail() // it belongs in Rest
		}
	})
	if !j.done() {
		job = rules.Job{}
		err = json.Unmarshal(text, &job)
	}
	return job, err
}

// resolution is one that has no other name.
func (j *jsonText) resolution() rules.Resolution {
	r := rules.Resolution(j.string())
	switch r {
	case rules.Success, rules.AgenticFailure, rules.HardFailure, rules.Partial, rules.NoAction:
	default:
		j.fail()
	}
	return r
}

func (j *jsonText) usage(u *rules.Usage) {
	j.object(func(key []byte) {
		switch string(key) {
		case "model":
			u.Model = j.string()
		case "input_tokens":
			u.InputTokens = j.int()
		case "output_tokens":
			u.OutputTokens = j.int()
		case "cost_usd":
			u.CostUSD = j.number()
		case "turns":
			u.Turns = int(j.int())
		default:
			j.fail()
		}
	})
}

func (j *jsonText) gateway(g *rules.GatewayRecord) {
	j.object(func(key []byte) {
		switch string(key) {
		case "id":
			g.ID = j.string()
		case "status":
			g.Status = j.string()
		case "messages":
			g.Messages = j.strings()
		case "summary":
			g.Summary = j.string()
		default:
			j.fail()
		}
	})
}

func (j *jsonText) task() (t rules.Task) {
	j.object(func(key []byte) {
		switch string(key) {
		case "host":
			t.Host = j.string()
		case "agent":
			t.Agent = j.string()
		case "description":
			t.Description = j.string()
		case "plan":
			t.Plan = j.string()
		case "summary":
			t.Summary = j.string()
		case "operational_rules":
			t.Rules = j.string()
		case "commands":
			j.list(func() { t.Commands = append(t.Commands, j.command()) })
		default:
			j.fail()
		}
	})
	return t
}

func (j *jsonText) command() (c rules.Command) {
	j.object(func(key []byte) {
		switch string(key) {
		case "argv":
			c.Argv = j.strings()
		case "exit_status":
			status := int(j.int())
			c.ExitStatus = &status
		case "at":
			c.At = j.time()
		case "host":
			c.Host = j.string()
		case "evidence":
			c.Evidence = rules.Evidence(j.string())
		default:
			j.fail()
		}
	})
	return c
}
