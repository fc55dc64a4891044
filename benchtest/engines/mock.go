package engines

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/providers"
)

// Mock is the engine mock. It runs the shell blocks of the ticket's body as
// bash in the guest and writes the transcript that an agent would have left.
// A body without a block gets no action.
//
// A body that begins with one of these words makes it misbehave instead; for
// the three that end in -result, the blocks that follow are run first.
//
//	@fail:MESSAGE             MESSAGE in the log, no transcript, agentic_failure
//	@fail-no-newline:MESSAGE  the same without a newline at its end
//	@fail-invalid-utf8        log and transcript that are no UTF-8, agentic_failure
//	@not-started:MESSAGE      the error ErrNotStarted
//	@hang                     works until its time is over and says nothing
//	@stuck-tool               a tool is called and never answers
//	@hang-after-result        says that it is done, and does not end
//	@hang-after-error-result  says that it failed, and does not end
//	@exit-after-result        says that it is done, then dies: hard_failure
//	@orphan-pipe              leaves a process in the guest that holds the output open
//	@ECHO@                    the lines that follow, each valid JSON, are the transcript
//	@ECHO-HANG@               the same, and does not end
type Mock struct{}

// Name is "mock".
func (Mock) Name() string { return "mock" }

// Work runs what the ticket's body says.
func (Mock) Work(ctx context.Context, w Work) (rules.Job, error) {
	m := &mockRun{work: w, out: &streamWriter{w: w.Transcript, session: newSession(time.Now())}}
	body := strings.TrimSpace(w.Ticket.Body)
	if strings.HasPrefix(body, "@") {
		if b, rest, ok := findMisdeed(body); ok {
			return b(ctx, m, rest)
		}
	}
	return m.runAll(ctx, shellFences(body))
}

// mockRun is one ticket in the mock's hands.
type mockRun struct {
	work Work
	out  *streamWriter
}

// Bounds of one stream of a block, in bytes, and the guest's directory.
const (
	mockOutput = 1 << 20
	mockCwd    = "/home/agent"
)

// runAll runs the blocks and says how that went.
func (m *mockRun) runAll(ctx context.Context, blocks []fence) (rules.Job, error) {
	if len(blocks) == 0 {
		return rules.Job{Resolution: rules.NoAction}, nil
	}
	j, text, err := m.runBlocks(ctx, blocks)
	if err != nil {
		return j, err
	}
	m.out.result(text, j.Usage.Turns, j.Resolution != rules.Success)
	return j, m.out.err
}

// runBlocks runs the blocks in order and stops at the first that fails. Text is
// what the last one said.
func (m *mockRun) runBlocks(ctx context.Context, blocks []fence) (j rules.Job, text string, err error) {
	if len(blocks) == 0 {
		return j, "", nil
	}
	for i := range blocks {
		if blocks[i].host == "" && len(m.work.Hosts) > 0 {
			blocks[i].host = m.work.Hosts[0]
		}
		if m.work.Sandboxes[blocks[i].host] == nil {
			return j, "", fmt.Errorf("%w: there is no host %q", ErrNotStarted, blocks[i].host)
		}
	}
	m.out.init(mockCwd)
	j.Usage.Model, j.Messages = mockModel, []string{executing}
	for i, b := range blocks {
		j.Usage.Turns++
		text, j.Resolution = m.run(ctx, i+1, b)
		j.Tasks = append(j.Tasks, rules.Task{
			Host: b.host, Agent: agentOf(m.work, b.host), Description: "shell block of the ticket", Summary: tail(text),
		})
		if j.Resolution != rules.Success {
			break
		}
	}
	return j, text, nil
}

const executing = "Executing command..."

// run runs one block and returns what the tool said: the standard output, and
// the standard error where the block failed.
func (m *mockRun) run(ctx context.Context, n int, b fence) (string, rules.Resolution) {
	id := fmt.Sprintf("toolu_mock_%03d", n)
	m.out.say(executing)
	m.out.toolUse(id, b.text)
	res, err := m.work.Sandboxes[b.host].Exec(ctx, providers.Command{Argv: []string{"bash", "-c", b.text}, MaxOutput: mockOutput})
	text := captured("stdout", res.Stdout, res.StdoutTruncated)
	resolution := rules.Success
	switch {
	case err != nil:
		text += err.Error()
		resolution = rules.HardFailure
	case res.ExitStatus != 0:
		text += captured("stderr", res.Stderr, res.StderrTruncated)
		resolution = rules.AgenticFailure
	}
	m.out.toolResult(id, text, resolution != rules.Success)
	return text, resolution
}

// captured is a stream as text, marked where it was cut.
func captured(name string, b []byte, cut bool) string {
	if len(b) > mockOutput {
		b, cut = b[:mockOutput], true
	}
	text := strings.ToValidUTF8(string(b), "\ufffd")
	if cut {
		text += fmt.Sprintf("\n[%s truncated after %d bytes]\n", name, mockOutput)
	}
	return text
}
