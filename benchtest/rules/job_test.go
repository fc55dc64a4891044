package rules_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

func TestParseJob(t *testing.T) {
	t.Parallel()
	j, err := rules.ParseJob([]byte(`{"resolution": "success", "plan": "p", "messages": ["m"],
		"usage": {"model": "x", "input_tokens": 1, "output_tokens": 2, "cost_usd": 0.5, "turns": 3},
		"tasks": [{"host": "web1", "agent": "ops", "description": "d", "plan": "tp", "summary": "s", "operational_rules": "r",
		           "commands": [{"argv": ["nginx", "-t"], "exit_status": 0, "at": "2026-01-02T03:04:05Z", "evidence": "observed"}]}],
		"trace_id": "abc", "extra": {"a": [1]}}`))
	require.NoError(t, err)
	assert.Equal(t, rules.Job{
		Resolution: rules.Success, Plan: "p", Messages: []string{"m"},
		Usage: rules.Usage{Model: "x", InputTokens: 1, OutputTokens: 2, CostUSD: 0.5, Turns: 3},
		Tasks: []rules.Task{{Host: "web1", Agent: "ops", Description: "d", Plan: "tp", Summary: "s", Rules: "r", Commands: []rules.Command{{
			Argv: []string{"nginx", "-t"}, ExitStatus: new(0), At: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
			Evidence: rules.SelfReported, // whatever it says of itself
		}}}},
		Rest: map[string]json.RawMessage{"trace_id": []byte(`"abc"`), "extra": []byte(`{"a": [1]}`)},
	}, j)
	assert.Equal(t, "nginx -t", j.ExecutedCommands())

	b, err := json.Marshal(j)
	require.NoError(t, err)
	var back rules.Job
	require.NoError(t, json.Unmarshal(b, &back))
	assert.JSONEq(t, string(j.Rest["extra"]), string(back.Rest["extra"]))
	assert.Equal(t, j.Tasks, back.Tasks)
	again, err := json.Marshal(back)
	require.NoError(t, err)
	assert.JSONEq(t, string(b), string(again))
}

func TestParseJobOldWord(t *testing.T) {
	t.Parallel()
	j, err := rules.ParseJob([]byte(`{"resolution": "no_tasks_created"}`))
	require.NoError(t, err)
	assert.Equal(t, rules.NoAction, j.Resolution)
	j, err = rules.ParseJob([]byte(`{}`))
	require.NoError(t, err)
	assert.Equal(t, rules.Job{}, j)
}

func TestOurOwnRecordKeepsItsEvidence(t *testing.T) {
	t.Parallel()
	b, err := json.Marshal(job())
	require.NoError(t, err)
	var back rules.Job
	require.NoError(t, json.Unmarshal(b, &back))
	assert.Equal(t, job(), back)
}

func TestRestCannotReplaceAField(t *testing.T) {
	t.Parallel()
	b, err := json.Marshal(rules.Job{Plan: "p", Rest: map[string]json.RawMessage{"plan": []byte(`"other"`), "x": []byte("1")}})
	require.NoError(t, err)
	assert.JSONEq(t, `{"plan": "p", "x": 1}`, string(b))
}

func TestParseJobProblems(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "read job record: unexpected end of JSON input"},
		{"no JSON", "done", "read job record: invalid character 'd' looking for beginning of value"},
		{"no object", "[]", "read job record: the whole: want an object, got array"},
		{"wrong list", `{"messages": "m"}`, "read job record: messages: want a list, got string"},
		{"wrong text", `{"plan": 1}`, "read job record: plan: want a string, got number"},
		{"nested", `{"tasks": [{"commands": [{"argv": "nginx -t"}]}]}`, "read job record: tasks.commands.argv: want a list, got string"},
		{"number", `{"usage": {"turns": 1.5}}`, "read job record: usage.turns: want a whole number, got number 1.5"},
		{"resolution", `{"resolution": "sucxess"}`, `read job record: resolution: unknown resolution "sucxess": did you mean "success"?`},
		{"deep", strings.Repeat(`{"a":`, 40) + "1" + strings.Repeat("}", 40), "read job record: deeper than 32 levels"},
		{"deep and broken", strings.Repeat("[", 1<<20), "read job record: deeper than 32 levels"},
		{"many", `{"tasks": [` + strings.Repeat("{},", 1<<18) + "{}]}", "values, at most 262144 are allowed"},
		{"large", `{"plan": "` + strings.Repeat("x", rules.MaxJobBytes) + `"}`, "at most 16777216 are allowed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := rules.ParseJob([]byte(c.text))
			require.ErrorContains(t, err, c.want)
		})
	}
	_, err := rules.ParseJob([]byte(`{"plan": "` + strings.Repeat(`{[\"`, 1000) + `"}`))
	require.NoError(t, err, "brackets in a text are no depth")
}
