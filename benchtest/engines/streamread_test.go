package engines

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

func readStream(tb testing.TB, parts ...string) rules.Job {
	tb.Helper()
	r := &streamReader{}
	for _, p := range parts {
		n, err := r.Write([]byte(p))
		require.NoError(tb, err)
		require.Equal(tb, len(p), n)
	}
	var j rules.Job
	r.fill(&j)
	return j
}

func TestStreamReader(t *testing.T) {
	t.Parallel()
	const use = `{"type":"assistant","message":{"content":[{"type":"tool_use","name":"Bash","input":{"command":"ls"}}]}}`
	command := func(text string) []rules.Task {
		return []rules.Task{{Commands: []rules.Command{{Argv: []string{"bash", "-c", text}, Evidence: rules.SelfReported}}}}
	}
	for _, tt := range []struct {
		name  string
		parts []string
		want  rules.Job
	}{
		{"nothing", nil, rules.Job{}},
		{"text", []string{"hello\n{not json\n[1]\n\"s\"\n{}\n"}, rules.Job{}},
		{"in bits", strings.SplitAfter(use+"\n", "e"), rules.Job{Tasks: command("ls")}},
		{"no newline at the end", []string{use}, rules.Job{Tasks: command("ls")}},
		{"another tool, odd input, odd block", []string{
			`{"type":"assistant","message":{"content":[{"type":"tool_use","name":"Bash","input":{"command":7}},8,{"type":"tool_use","name":"Read","input":{"command":"x"}},{"type":"text","text":"t"}]}}`,
		}, rules.Job{Messages: []string{"t"}}},
		{"content that is a string", []string{`{"type":"assistant","message":{"content":"text"}}`}, rules.Job{}},
		{"negative usage", []string{`{"type":"result","num_turns":-1,"total_cost_usd":-2,"usage":{"input_tokens":-3,"output_tokens":4}}`}, rules.Job{Usage: rules.Usage{OutputTokens: 4}}},
		{"too long", []string{`{"type":"assistant","x":"`, strings.Repeat("x", maxStreamLine), `","message":1}`, "\n" + use}, rules.Job{Tasks: command("ls")}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tt.want, readStream(t, tt.parts...))
		})
	}
}

func TestStreamReader_bounded(t *testing.T) {
	t.Parallel()
	text := `{"type":"assistant","message":{"content":[{"type":"text","text":"` + strings.Repeat("m", 100<<10) + `"},{"type":"tool_use","name":"Bash","input":{"command":"ls"}}]}}` + "\n"
	j := readStream(t, strings.Repeat(text, 100))
	assert.Len(t, j.Messages, maxStreamMessages/(100<<10))
	small := `{"type":"assistant","message":{"content":[{"type":"tool_use","name":"Bash","input":{"command":"ls"}}]}}` + "\n"
	j = readStream(t, strings.Repeat(small, maxStreamCommands+10))
	assert.Len(t, j.Tasks[0].Commands, maxStreamCommands)
}

func FuzzStreamReader(f *testing.F) {
	f.Add(`{"type":"result","usage":{"input_tokens":1}}`, 3)
	f.Add("{\"type\":\"assistant\",\"message\":{\"content\":[{}]}}\n\xff", 1)
	f.Fuzz(func(t *testing.T, s string, cut int) {
		whole := readStream(t, s)
		if cut > 0 && cut < len(s) {
			assert.Equal(t, whole, readStream(t, s[:cut], s[cut:]), "how it is cut makes no difference")
		}
	})
}
