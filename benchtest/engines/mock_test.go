package engines_test

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/engines"
	"github.com/benchtest-dev/benchtest/benchtest/engines/enginetest"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

// kinds names the lines of a transcript: type, and what is in the message.
func kinds(t *testing.T, transcript string) []string {
	t.Helper()
	var out []string
	for line := range strings.Lines(transcript) {
		var l struct {
			Type    string
			Subtype string
			Message struct{ Content []struct{ Type string } }
		}
		require.NoError(t, json.Unmarshal([]byte(line), &l), "%q", line)
		kind := l.Type
		if l.Subtype != "" {
			kind += " " + l.Subtype
		}
		for _, c := range l.Message.Content {
			kind += " " + c.Type
		}
		out = append(out, kind)
	}
	return out
}

var oneTool = []string{"system init", "assistant text", "assistant tool_use", "user tool_result"}

func TestMock_transcript(t *testing.T) {
	t.Parallel()
	d := enginetest.NewDesk(t, "Please run\n```bash\necho hello; echo quiet >&2\n```\n", "web1")
	j, err := engines.Mock{}.Work(t.Context(), d.Work)
	require.NoError(t, err)
	assert.Equal(t, rules.Success, j.Resolution)
	assert.Equal(t, rules.Usage{Model: "mock-claude", Turns: 1}, j.Usage)
	assert.Equal(t, "hello", j.Tasks[0].Summary)

	var lines []map[string]any
	for line := range strings.Lines(d.Transcript.String()) {
		var m map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &m))
		lines = append(lines, m)
	}
	require.Len(t, lines, 5)
	session := lines[0]["session_id"].(string)
	assert.Regexp(t, `^mock-[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, session)
	content := func(i int) map[string]any {
		return lines[i]["message"].(map[string]any)["content"].([]any)[0].(map[string]any)
	}
	assert.Equal(t, map[string]any{
		"type": "system", "subtype": "init", "cwd": "/home/agent", "session_id": session, "tools": []any{"Bash"}, "model": "mock-claude",
	}, lines[0])
	assert.Equal(t, map[string]any{"type": "text", "text": "Executing command..."}, content(1))
	assert.Equal(t, map[string]any{
		"type": "tool_use", "id": "toolu_mock_001", "name": "Bash", "input": map[string]any{"command": "echo hello; echo quiet >&2\n"},
	}, content(2))
	assert.Equal(t, map[string]any{
		"type": "tool_result", "tool_use_id": "toolu_mock_001", "content": "hello\n", "is_error": false,
	}, content(3), "standard error is told only where the block failed")
	assert.Equal(t, map[string]any{
		"type": "result", "subtype": "success", "is_error": false, "duration_ms": 100.0, "num_turns": 1.0, "result": "hello\n",
		"session_id": session, "total_cost_usd": 0.0, "usage": map[string]any{"input_tokens": 0.0, "output_tokens": 0.0},
	}, lines[4])
}

func TestMock_failure(t *testing.T) {
	t.Parallel()
	d := enginetest.NewDesk(t, "```\necho out; echo err >&2; exit 7\n```\n```\necho never\n```", "web1")
	j, err := engines.Mock{}.Work(t.Context(), d.Work)
	require.NoError(t, err)
	assert.Equal(t, rules.AgenticFailure, j.Resolution)
	assert.Len(t, d.Runners["web1"].Ran(), 1, "it stops at the first that fails")
	assert.Equal(t, append(oneTool, "result error"), kinds(t, d.Transcript.String()))
	assert.Contains(t, d.Transcript.String(), `"content":"out\nerr\n","is_error":true`)
}

func TestMock_hosts(t *testing.T) {
	t.Parallel()
	d := enginetest.NewDesk(t, "```\necho one\n```\n```bash db1\necho two\n```", "web1", "db1")
	j, err := engines.Mock{}.Work(t.Context(), d.Work)
	require.NoError(t, err)
	assert.Equal(t, 2, j.Usage.Turns)
	assert.Equal(t, []string{"bash", "-c", "echo one\n"}, d.Runners["web1"].Ran()[0].Argv)
	assert.Equal(t, []string{"bash", "-c", "echo two\n"}, d.Runners["db1"].Ran()[0].Argv)
	assert.Contains(t, d.Transcript.String(), "toolu_mock_002")

	d = enginetest.NewDesk(t, "```bash db9\necho two\n```", "web1")
	_, err = engines.Mock{}.Work(t.Context(), d.Work)
	require.ErrorIs(t, err, engines.ErrNotStarted)
	assert.ErrorContains(t, err, "db9")
}

func TestMock_bounded(t *testing.T) {
	t.Parallel()
	d := enginetest.NewDesk(t, "```\nhead -c 3000000 /dev/zero | tr '\\0' x\nhead -c 3000000 /dev/zero | tr '\\0' y >&2\nexit 1\n```", "web1")
	_, err := engines.Mock{}.Work(t.Context(), d.Work)
	require.NoError(t, err)
	for _, name := range []string{"stdout", "stderr"} {
		assert.Equal(t, 2, strings.Count(d.Transcript.String(), `\n[`+name+` truncated after 1048576 bytes]\n`), "in the tool's result and the last line")
	}
	assert.Equal(t, 2, strings.Count(d.Transcript.String(), strings.Repeat("x", 1<<20)))
	assert.Less(t, len(d.Transcript.String()), 4<<20+4<<10)
}

func TestMock_misdeeds(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, body string
		want       rules.Resolution
		log        string
		transcript []string
		ran        bool
	}{
		{name: "no block", body: "nothing to run", want: rules.NoAction},
		{name: "an unknown word", body: "@ops please look\n```\ntrue\n```", want: rules.Success, transcript: append(oneTool, "result success"), ran: true},
		{name: "fail", body: "@fail:boom", want: rules.AgenticFailure, log: "boom\n"},
		{name: "fail without newline", body: "@fail-no-newline:boom", want: rules.AgenticFailure, log: "boom"},
		{name: "exit after result", body: "@exit-after-result", want: rules.HardFailure, transcript: []string{"system init", "assistant text", "result success"}},
		{name: "exit after work and result", body: "@exit-after-result\n```\ntrue\n```", want: rules.HardFailure, transcript: append(oneTool, "result success"), ran: true},
		{name: "orphan pipe", body: "@orphan-pipe", want: rules.Success, transcript: append(oneTool, "result success"), ran: true},
		{
			name: "echo", body: "@ECHO@\n{\"type\":\"system\",\"subtype\":\"init\",\"model\":\"m\"}\n{\"type\":\"x\"}\n", want: rules.Success,
			transcript: []string{"system init", "x"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := enginetest.NewDesk(t, tt.body, "web1")
			j, err := engines.Mock{}.Work(t.Context(), d.Work)
			require.NoError(t, err)
			assert.Equal(t, tt.want, j.Resolution)
			assert.Equal(t, tt.log, d.Log.String())
			assert.Equal(t, tt.transcript, kinds(t, d.Transcript.String()))
			assert.Equal(t, tt.ran, len(d.Runners["web1"].Ran()) > 0)
		})
	}
}

func TestMock_invalidUTF8(t *testing.T) {
	t.Parallel()
	d := enginetest.NewDesk(t, "@fail-invalid-utf8", "web1")
	j, err := engines.Mock{}.Work(t.Context(), d.Work)
	require.NoError(t, err)
	assert.Equal(t, rules.AgenticFailure, j.Resolution)
	assert.Contains(t, d.Log.String(), "\xff")
	assert.Contains(t, d.Transcript.String(), "\xff")
}

func TestMock_notStarted(t *testing.T) {
	t.Parallel()
	for body, text := range map[string]string{
		"@not-started:no key":                    "engine did not start: no key",
		"@ECHO@\n{}\nnot json\n":                 "engine did not start: @ECHO@, line 2 is no JSON",
		"@exit-after-result\n```sh x\ntrue\n```": `engine did not start: there is no host "x"`,
	} {
		_, err := engines.Mock{}.Work(t.Context(), enginetest.NewDesk(t, body, "web1").Work)
		require.ErrorIs(t, err, engines.ErrNotStarted)
		assert.EqualError(t, err, text)
	}
}

// TestMock_hangs: each of these ends with its time and not before.
func TestMock_hangs(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, body string
		transcript []string
	}{
		{"hang", "@hang", []string{"system init"}},
		{"stuck tool", "@stuck-tool", oneTool[:3]},
		{"after result", "@hang-after-result", []string{"system init", "assistant text", "result success"}},
		{"after error result", "@hang-after-error-result", []string{"system init", "assistant text", "result error"}},
		{"after work and result", "@hang-after-result\n```\ntrue\n```", append(oneTool, "result success")},
		{"echo", "@ECHO-HANG@\n{\"type\":\"x\"}", []string{"x"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := enginetest.NewDesk(t, tt.body, "web1")
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			said := make(chan struct{})
			d.Work.Transcript = &waiter{Buffer: d.Transcript, lines: len(tt.transcript), reached: said}
			ended := make(chan rules.Job, 1)
			go func() {
				j, err := engines.Mock{}.Work(ctx, d.Work)
				assert.NoError(t, err)
				ended <- j
			}()
			<-said
			select {
			case <-ended:
				assert.Fail(t, "it ended by itself")
			default:
			}
			cancel()
			assert.Equal(t, rules.HardFailure, (<-ended).Resolution)
			assert.Equal(t, tt.transcript, kinds(t, d.Transcript.String()))
		})
	}
}

// waiter closes reached after so many lines.
type waiter struct {
	*enginetest.Buffer
	lines   int
	reached chan struct{}
}

func (w *waiter) Write(p []byte) (int, error) {
	n, err := w.Buffer.Write(p)
	if w.lines -= bytes.Count(p, []byte("\n")); w.lines == 0 {
		close(w.reached)
	}
	return n, err
}
