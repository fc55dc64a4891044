package reports

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

func TestWriteMarkdown(t *testing.T) {
	t.Parallel()
	info := RunInfo{RunID: "20260102T030405Z-abcdef", Provider: "local", Engine: "command"}
	gated := info
	gated.GateVerdict = &GateVerdict{Failed: true, Gate: "min-pass-rate=0.8", Reason: "pass rate 0.167 against 0.8"}
	for name, c := range map[string]struct {
		attempts []Attempt
		info     RunInfo
	}{"full": {attempts(), gated}, "nothing": {nil, info}} {
		var b bytes.Buffer
		require.NoError(t, WriteMarkdown(&b, c.attempts, c.info))
		golden(t, "markdown-"+name+".md", b.Bytes())
	}
}

// What a guest printed is no markup, and the file stays within its bound.
func TestWriteMarkdown_hostile(t *testing.T) {
	t.Parallel()
	nasty := "</details><script>alert(1)</script> ![x](http://evil.example/a.png) [y](javascript:x) @everyone | `code` \n# head\n\n* list \x1b[31m\x00\xff www.evil.example #1"
	a := Attempt{Key: nasty, Iteration: 1, Outcome: rules.Failed, Reason: nasty}
	var b bytes.Buffer
	require.NoError(t, WriteMarkdown(&b, []Attempt{a}, RunInfo{RunID: nasty, Provider: nasty, Engine: "`"}))
	text := regexp.MustCompile("`[^`\n]*`").ReplaceAllString(b.String(), "CODE")
	assert.Equal(t, 1, strings.Count(text, "</details>"), "ours")
	for _, bad := range []string{"<script", "![", "](", "@", "\n#1", "\n# head", "\x1b", "\x00", "http:", "javascript:", "www."} {
		assert.NotContains(t, text, bad)
	}

	many := make([]Attempt, 30000)
	for i := range many {
		many[i] = Attempt{Key: fmt.Sprintf("g/%d", i), Iteration: 1, Outcome: rules.Failed, Reason: strings.Repeat("|", 200)}
	}
	b.Reset()
	require.NoError(t, WriteMarkdown(&b, many, RunInfo{}))
	assert.LessOrEqual(t, b.Len(), maxMarkdown)
	assert.Greater(t, b.Len(), maxMarkdown/2)
	assert.Regexp(t, `\n\d+ more lines: see the run's record\n$`, b.String())
	assert.Equal(t, strings.Count(b.String(), "<details>"), strings.Count(b.String(), "</details>"))
}

func TestWriteCSV(t *testing.T) {
	t.Parallel()
	list := attempts()
	list[3].Remade = true
	list[2].Reason = "=HYPERLINK(\"http://evil\")\n,\"x\" \x1b[31m\xff"
	var b bytes.Buffer
	require.NoError(t, WriteCSV(&b, list))
	rows, err := csv.NewReader(&b).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 1+len(list))
	column := func(name string, row int) string {
		for i, head := range rows[0] {
			if head == name {
				return rows[row][i]
			}
		}
		t.Fatalf("no column %s in %q", name, rows[0])
		return ""
	}
	assert.Equal(t, "passed", column("outcome", 1))
	assert.Empty(t, column("reason", 1))
	assert.Equal(t, "4300", column("engine_ms", 1))
	assert.Equal(t, "3100", column("first_fixed_ms", 1))
	assert.Equal(t, "false", column("scored", 5))
	assert.Equal(t, "true", column("scored", 2))
	assert.Equal(t, "true", column("remade", 4))
	assert.Equal(t, "false", column("scored", 4), "what was made again is counted once")
	assert.Equal(t, "false", column("remade", 5))
	assert.Equal(t, `'=HYPERLINK("http://evil")\n,"x" \x1b[31m\xff`, column("reason", 3))
	assert.Empty(t, column("release_ms", 5), "what is not known is no zero")
	assert.Equal(t, "-7", csvCell("-7"))
}

func TestWriteATIF(t *testing.T) {
	t.Parallel()
	zero, at := 0, time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	a := attempts()[1]
	a.Ticket = Ticket{Title: "nginx is down", Body: "mend it \x1b[31m\x00"}
	a.Usage = rules.Usage{Model: "m", InputTokens: 10, OutputTokens: 3, CostUSD: 0.5}
	job := rules.Job{Plan: "look", Messages: []string{"done"}, Tasks: []rules.Task{{Host: "web1", Description: "test", Summary: "good", Commands: []rules.Command{
		{Argv: []string{"nginx", "-t"}, ExitStatus: &zero, At: at, Evidence: rules.Observed}, {Argv: []string{"true"}},
	}}}}
	var b bytes.Buffer
	require.NoError(t, WriteATIF(&b, a, job, "v1"))
	golden(t, "trajectory.json", b.Bytes())
	requireATIF(t, b.Bytes())

	assert.NotContains(t, b.String(), "remade")
	a.Remade = true
	b.Reset()
	require.NoError(t, WriteATIF(&b, a, job, "v1"))
	assert.Contains(t, b.String(), `"remade": true`)
	requireATIF(t, b.Bytes())

	rng := rand.New(rand.NewPCG(1, 2))
	for range 100 {
		for _, a := range noisyAttempts(rng) {
			b.Reset()
			require.NoError(t, WriteATIF(&b, a, rules.Job{Plan: noise(rng), Tasks: []rules.Task{{Description: noise(rng), Commands: []rules.Command{{Argv: []string{noise(rng)}}}}}}, ""))
			requireATIF(t, b.Bytes())
		}
	}
}

// requireATIF checks what the format asks of a trajectory: its required fields,
// steps numbered from 1, calls by the agent alone, results that name a call.
func requireATIF(t *testing.T, text []byte) {
	t.Helper()
	var v struct {
		Schema  string `json:"schema_version"`
		Session string `json:"session_id"`
		Agent   struct {
			Name, Version string
		}
		Steps []struct {
			ID      int `json:"step_id"`
			Source  string
			Message *string
			Calls   []struct {
				ID        string          `json:"tool_call_id"`
				Function  string          `json:"function_name"`
				Arguments json.RawMessage `json:"arguments"`
			} `json:"tool_calls"`
			Observation *struct {
				Results []struct {
					Call string `json:"source_call_id"`
				}
			}
		}
	}
	require.NoError(t, json.Unmarshal(text, &v))
	require.Equal(t, "ATIF-v1.7", v.Schema)
	require.NotEmpty(t, v.Session)
	require.NotEmpty(t, v.Agent.Name)
	require.NotEmpty(t, v.Agent.Version)
	require.NotEmpty(t, v.Steps)
	for i, s := range v.Steps {
		require.Equal(t, i+1, s.ID)
		require.Contains(t, []string{"system", "user", "agent"}, s.Source)
		require.NotNil(t, s.Message)
		calls := map[string]bool{}
		for _, c := range s.Calls {
			require.Equal(t, "agent", s.Source)
			require.NotEmpty(t, c.Function)
			require.True(t, json.Valid(c.Arguments))
			calls[c.ID] = true
		}
		require.Len(t, calls, len(s.Calls))
		if s.Observation != nil {
			for _, r := range s.Observation.Results {
				require.True(t, calls[r.Call])
			}
		}
	}
}
