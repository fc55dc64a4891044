package reports

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

// ATIFVersion is the version of the Agent Trajectory Interchange Format that
// WriteATIF writes (harbor, docs/rfcs/0001-trajectory-format.md).
const ATIFVersion = "ATIF-v1.7"

type (
	atifTrajectory struct {
		Schema  string         `json:"schema_version"`
		Session string         `json:"session_id"`
		Agent   atifAgent      `json:"agent"`
		Steps   []atifStep     `json:"steps"`
		Notes   string         `json:"notes,omitempty"`
		Final   *atifMetrics   `json:"final_metrics,omitempty"`
		Extra   map[string]any `json:"extra,omitempty"`
	}
	atifAgent struct {
		Name    string `json:"name"`
		Version string `json:"version"`
		Model   string `json:"model_name,omitempty"`
	}
	atifStep struct {
		ID          int              `json:"step_id"` // from 1
		Timestamp   string           `json:"timestamp,omitempty"`
		Source      string           `json:"source"` // system, user or agent
		Message     string           `json:"message"`
		Calls       []atifCall       `json:"tool_calls,omitempty"`
		Observation *atifObservation `json:"observation,omitempty"`
		Extra       map[string]any   `json:"extra,omitempty"`
	}
	atifCall struct {
		ID        string         `json:"tool_call_id"`
		Function  string         `json:"function_name"`
		Arguments map[string]any `json:"arguments"`
	}
	atifObservation struct {
		Results []atifResult `json:"results"`
	}
	atifResult struct {
		Call    string `json:"source_call_id,omitempty"`
		Content string `json:"content"`
	}
	atifMetrics struct {
		Prompt     int64   `json:"total_prompt_tokens,omitempty"`
		Completion int64   `json:"total_completion_tokens,omitempty"`
		Cost       float64 `json:"total_cost_usd,omitempty"`
		Steps      int     `json:"total_steps"`
	}
)

// WriteATIF writes one attempt as a trajectory: the ticket is what the user said,
// and each task of the job a step of the agent's with its commands as tool calls.
// What a command printed is not in the record; its exit status is.
func WriteATIF(w io.Writer, a Attempt, job rules.Job, version string) error {
	t := atifTrajectory{
		Schema: ATIFVersion, Session: a.ID(),
		Agent: atifAgent{Name: cmp.Or(a.Engine, "unknown"), Version: cmp.Or(version, "unknown"), Model: a.Usage.Model},
		Notes: Visible(headlineUnlessPassed(a)),
		Extra: map[string]any{"outcome": a.Outcome, "compliance_score": a.Score, "provider": a.Provider, "resolution": a.Resolution, "benchtest_digests": a.Digests},
	}
	if a.Remade {
		t.Extra["remade"] = true // history: the attempt in its place counts
	}
	t.step("user", Visible(a.Ticket.Title+"\n\n"+a.Ticket.Body), a.Started)
	if job.Plan != "" {
		t.step("agent", Visible(job.Plan), time.Time{})
	}
	for _, task := range job.Tasks {
		t.task(task)
	}
	for _, m := range job.Messages {
		t.step("agent", Visible(m), time.Time{})
	}
	u := a.Usage
	t.Final = &atifMetrics{Prompt: u.InputTokens, Completion: u.OutputTokens, Cost: u.CostUSD, Steps: len(t.Steps)}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	if err := enc.Encode(t); err != nil {
		return fmt.Errorf("write atif: %w", err)
	}
	return nil
}

// step appends a step and returns it.
func (t *atifTrajectory) step(source, message string, at time.Time) *atifStep {
	t.Steps = append(t.Steps, atifStep{ID: len(t.Steps) + 1, Source: source, Message: message, Timestamp: csvTime(at)})
	return &t.Steps[len(t.Steps)-1]
}

func (t *atifTrajectory) task(task rules.Task) {
	at := time.Time{}
	if len(task.Commands) > 0 {
		at = task.Commands[0].At
	}
	message := task.Description
	if task.Summary != "" {
		message += "\n\n" + task.Summary
	}
	s := t.step("agent", Visible(message), at)
	s.Extra = map[string]any{"host": task.Host, "agent": task.Agent}
	for i, c := range task.Commands {
		id := fmt.Sprintf("call_%d_%d", s.ID, i+1)
		s.Calls = append(s.Calls, atifCall{ID: id, Function: "exec", Arguments: map[string]any{"argv": c.Argv, "host": cmp.Or(c.Host, task.Host), "evidence": c.Evidence}})
		content := "exit status unknown"
		if c.ExitStatus != nil {
			content = fmt.Sprintf("exit status %d", *c.ExitStatus)
		}
		if s.Observation == nil {
			s.Observation = &atifObservation{}
		}
		s.Observation.Results = append(s.Observation.Results, atifResult{Call: id, Content: content})
	}
}
