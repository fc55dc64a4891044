package engines

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// streamWriter writes a transcript of the kind that agent command lines call
// stream-json: one JSON object a line. The first error sticks.
type streamWriter struct {
	w       io.Writer
	session string
	err     error
}

// mockModel is the model that the mock's transcript names.
const mockModel = "mock-claude"

type (
	streamInit struct {
		Type    string   `json:"type"`
		Subtype string   `json:"subtype"`
		Cwd     string   `json:"cwd"`
		Session string   `json:"session_id"`
		Tools   []string `json:"tools"`
		Model   string   `json:"model"`
	}
	streamTurn struct {
		Type    string        `json:"type"`
		Message streamMessage `json:"message"`
		Session string        `json:"session_id"`
	}
	streamMessage struct {
		Role    string        `json:"role"`
		Content []streamBlock `json:"content"`
	}
	streamBlock struct {
		Type      string       `json:"type"`
		Text      string       `json:"text,omitempty"`
		ID        string       `json:"id,omitempty"`
		Name      string       `json:"name,omitempty"`
		Input     *streamInput `json:"input,omitempty"`
		ToolUseID string       `json:"tool_use_id,omitempty"`
		Content   *string      `json:"content,omitempty"`
		IsError   *bool        `json:"is_error,omitempty"`
	}
	streamInput struct {
		Command string `json:"command"`
	}
	streamResult struct {
		Type     string      `json:"type"`
		Subtype  string      `json:"subtype"`
		IsError  bool        `json:"is_error"`
		Duration int64       `json:"duration_ms"`
		Turns    int         `json:"num_turns"`
		Result   string      `json:"result"`
		Session  string      `json:"session_id"`
		CostUSD  float64     `json:"total_cost_usd"`
		Usage    streamUsage `json:"usage"`
	}
	streamUsage struct {
		InputTokens   int64 `json:"input_tokens"`
		CacheCreation int64 `json:"cache_creation_input_tokens,omitempty"`
		CacheRead     int64 `json:"cache_read_input_tokens,omitempty"`
		OutputTokens  int64 `json:"output_tokens"`
	}
)

func (s *streamWriter) line(v any) {
	if s.err != nil {
		return
	}
	b, err := json.Marshal(v)
	if err == nil {
		_, err = s.w.Write(append(b, '\n'))
	}
	if err != nil {
		s.err = fmt.Errorf("write transcript: %w", err)
	}
}

func (s *streamWriter) init(cwd string) {
	s.line(streamInit{Type: "system", Subtype: "init", Cwd: cwd, Session: s.session, Tools: []string{"Bash"}, Model: mockModel})
}

func (s *streamWriter) turn(role string, b streamBlock) {
	s.line(streamTurn{Type: role, Message: streamMessage{Role: role, Content: []streamBlock{b}}, Session: s.session})
}

func (s *streamWriter) say(text string) { s.turn("assistant", streamBlock{Type: "text", Text: text}) }

func (s *streamWriter) toolUse(id, command string) {
	s.turn("assistant", streamBlock{Type: "tool_use", ID: id, Name: "Bash", Input: &streamInput{Command: command}})
}

func (s *streamWriter) toolResult(id, content string, isError bool) {
	s.turn("user", streamBlock{Type: "tool_result", ToolUseID: id, Content: &content, IsError: &isError})
}

func (s *streamWriter) result(text string, turns int, isError bool) {
	subtype := "success"
	if isError {
		subtype = "error"
	}
	s.line(streamResult{Type: "result", Subtype: subtype, IsError: isError, Duration: 100, Turns: turns, Result: text, Session: s.session})
}

// newSession is a session's ID: "mock-" and a UUID of version 7, which sorts by time.
func newSession(now time.Time) string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	ms := now.UnixMilli()
	for i := range 6 {
		b[i] = byte(ms >> (40 - 8*i))
	}
	b[6] = 0x70 | b[6]&0x0f
	b[8] = 0x80 | b[8]&0x3f
	x := hex.EncodeToString(b[:])
	return fmt.Sprintf("mock-%s-%s-%s-%s-%s", x[:8], x[8:12], x[12:16], x[16:20], x[20:])
}
