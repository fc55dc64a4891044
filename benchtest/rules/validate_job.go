package rules

import (
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// Resolutions lists what a job can end with. The caller owns the slice.
func Resolutions() []Resolution {
	return []Resolution{Success, AgenticFailure, HardFailure, Partial, NoAction}
}

// oldNoAction is how older 2501 scenarios write no_action.
const oldNoAction = "no_tasks_created"

// parseResolution reads a resolution; false when there is none of that name.
func parseResolution(text string) (Resolution, bool) {
	r := Resolution(strings.ToLower(strings.TrimSpace(text)))
	if r == oldNoAction {
		r = NoAction
	}
	return r, slices.Contains(Resolutions(), r)
}

func resolutionNames() []string {
	var names []string
	for _, r := range Resolutions() {
		names = append(names, string(r))
	}
	return append(names, oldNoAction)
}

func jobResolutionDef() validatorDef {
	return validatorDef{
		name: "job_resolution_status", doc: "how the job ended",
		params: []paramDef{{name: "pattern", doc: "one of " + strings.Join(resolutionNames(), ", "), required: true, schema: enumSchema(resolutionNames())}},
		parse: func(rd *reader, _ *yaml.Node, p params) complianceCheck {
			text, ok := rd.text(p["pattern"], "pattern")
			if !ok {
				return nil
			}
			want, known := parseResolution(text)
			if !known {
				rd.problem(p["pattern"], "pattern: %s", unknown("resolution", text, resolutionNames()))
				return nil
			}
			return resolutionCheck(want)
		},
	}
}

// resolutionCheck asks for one resolution.
type resolutionCheck Resolution

func (c resolutionCheck) expected() string { return "resolution " + string(c) }
func (c resolutionCheck) cannotFail() bool { return false }

func (c resolutionCheck) ask(rec record) answer {
	if rec.job.Resolution == "" {
		return answer{evidence: Observed, missing: "resolution"}
	}
	got, _ := parseResolution(string(rec.job.Resolution))
	return answer{holds: got == Resolution(c), evidence: Observed, got: string(rec.job.Resolution)}
}

func ticketStatusDef() validatorDef {
	return validatorDef{
		name: "ticket_status", doc: "the status of the ticket when the job is over", scopes: []Scope{ScopeGateway},
		params: []paramDef{{name: "pattern", doc: "the status, for instance resolved", required: true, schema: typeSchema("string", "number")}},
		parse: func(rd *reader, _ *yaml.Node, p params) complianceCheck {
			text, ok := rd.text(p["pattern"], "pattern")
			if ok && strings.TrimSpace(text) == "" {
				rd.problem(p["pattern"], "pattern: it is empty")
			}
			return ticketCheck(text)
		},
	}
}

// ticketCheck asks for one status of the ticket. Gateways write "In Progress",
// "in_progress" and "in-progress" for the same.
type ticketCheck string

func (c ticketCheck) expected() string { return "ticket " + string(c) }
func (c ticketCheck) cannotFail() bool { return false }

func (c ticketCheck) ask(rec record) answer {
	status := rec.job.Gateway.Status
	if status == "" {
		return answer{evidence: Observed, missing: "ticket status"}
	}
	return answer{holds: sameWord(status, string(c)), evidence: Observed, got: status}
}

func sameWord(a, b string) bool {
	plain := strings.NewReplacer(" ", "", "_", "", "-", "")
	return strings.EqualFold(plain.Replace(a), plain.Replace(b))
}

func taskCountDef() validatorDef {
	num := map[string]any{"type": "integer", "minimum": 0}
	return validatorDef{
		name: "task_count", doc: "how many tasks the job had",
		params: []paramDef{{name: "min", doc: "at least", schema: num}, {name: "max", doc: "at most", schema: num}, {name: "equal", doc: "exactly", schema: num}},
		parse: func(rd *reader, at *yaml.Node, p params) complianceCheck {
			c := taskCount{least: 0, most: -1}
			if len(p) == 0 {
				rd.problem(at, "task_count needs min, max or equal")
			}
			if n := p["min"]; n != nil {
				c.least, _ = rd.count(n, "min")
			}
			if n := p["max"]; n != nil {
				c.most, _ = rd.count(n, "max")
			}
			if n := p["equal"]; n != nil {
				if len(p) > 1 {
					rd.problem(n, "equal stands alone, without min and max")
				}
				c.least, _ = rd.count(n, "equal")
				c.most = c.least
			}
			if c.most >= 0 && c.least > c.most {
				rd.problem(at, "task_count: min %d is greater than max %d", c.least, c.most)
			}
			return c
		},
	}
}

// taskCount asks for a number of tasks; most < 0 means without limit.
type taskCount struct{ least, most int }

func (c taskCount) cannotFail() bool { return c.least == 0 && c.most < 0 }

func (c taskCount) expected() string {
	switch {
	case c.least == c.most:
		return fmt.Sprintf("%d tasks", c.least)
	case c.most < 0:
		return fmt.Sprintf("at least %d tasks", c.least)
	}
	return fmt.Sprintf("%d to %d tasks", c.least, c.most)
}

func (c taskCount) ask(rec record) answer {
	n := len(rec.job.Tasks)
	return answer{holds: n >= c.least && (c.most < 0 || n <= c.most), evidence: SelfReported, got: fmt.Sprintf("%d tasks", n)}
}
