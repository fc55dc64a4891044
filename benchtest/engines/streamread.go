package engines

import (
	"bytes"
	"encoding/json"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

// Bounds of what is kept of a transcript beside the transcript itself.
const (
	maxStreamLine     = 1 << 20 // bytes; a longer line is passed over
	maxStreamCommands = 10_000
	maxStreamMessages = 1 << 20 // bytes, all messages together
)

// A streamReader is the io.Writer that a transcript passes through. It takes
// out what an engine says of itself where the transcript is stream-json, and is
// content with any other: a line that is not what it looks for says nothing.
type streamReader struct {
	commands []rules.Command // self-reported
	messages []string
	usage    rules.Usage

	line    []byte
	skip    bool // the rest of a line that is too long
	msgSize int
}

// Write never fails.
func (r *streamReader) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		part, rest, ended := bytes.Cut(p, []byte("\n"))
		p = rest
		if len(r.line)+len(part) > maxStreamLine {
			r.skip = true
		}
		if !r.skip {
			r.line = append(r.line, part...)
		}
		if ended {
			r.end()
		}
	}
	return n, nil
}

// end takes the line that is complete; after the last byte it is called for
// what has no newline.
func (r *streamReader) end() {
	line := bytes.TrimSpace(r.line)
	if !r.skip && len(line) > 0 && line[0] == '{' {
		r.take(line)
	}
	r.line, r.skip = r.line[:0], false
}

// take reads one line. Fields of a type that is not ours are left alone, so
// that one odd value does not hide the others.
func (r *streamReader) take(line []byte) {
	var head struct {
		Type    string          `json:"type"`
		Subtype string          `json:"subtype"`
		Model   string          `json:"model"`
		Message json.RawMessage `json:"message"`
	}
	if json.Unmarshal(line, &head) != nil {
		return
	}
	switch head.Type {
	case "system":
		if head.Subtype == "init" && head.Model != "" {
			r.usage.Model = head.Model
		}
	case "assistant":
		var m struct {
			Content []json.RawMessage `json:"content"`
		}
		if json.Unmarshal(head.Message, &m) != nil {
			return
		}
		for _, block := range m.Content {
			var b streamBlock
			if json.Unmarshal(block, &b) == nil {
				r.block(b)
			}
		}
	case "result":
		var res streamResult
		if json.Unmarshal(line, &res) == nil {
			r.takeUsage(res)
		}
	}
}

// block takes what the engine's model said, or ran.
func (r *streamReader) block(b streamBlock) {
	switch {
	case b.Type == "text" && b.Text != "" && r.msgSize+len(b.Text) <= maxStreamMessages:
		r.msgSize += len(b.Text)
		r.messages = append(r.messages, b.Text)
	case b.Type == "tool_use" && b.Name == "Bash" && b.Input != nil && b.Input.Command != "" && len(r.commands) < maxStreamCommands:
		r.commands = append(r.commands, rules.Command{
			Argv: []string{"bash", "-c", b.Input.Command}, Evidence: rules.SelfReported,
		})
	}
}

// takeUsage reads the result line, whose numbers are of the whole session. All
// that went into the model counts as input, from a cache or not.
func (r *streamReader) takeUsage(res streamResult) {
	r.usage.InputTokens = max(0, res.Usage.InputTokens) + max(0, res.Usage.CacheCreation) + max(0, res.Usage.CacheRead)
	r.usage.OutputTokens = max(0, res.Usage.OutputTokens)
	r.usage.CostUSD = max(0, res.CostUSD)
	r.usage.Turns = max(0, res.Turns)
}

// fill puts what was read into a job, where the job does not say it itself.
func (r *streamReader) fill(j *rules.Job) {
	r.end()
	if j.Usage == (rules.Usage{}) {
		j.Usage = r.usage
	}
	if len(j.Messages) == 0 {
		j.Messages = r.messages
	}
	if len(j.Tasks) == 0 && len(r.commands) > 0 {
		j.Tasks = []rules.Task{{Commands: r.commands}}
	}
}
