package engines

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

// A misdeed is one way in which the mock misbehaves; rest is the body after
// its word. Mock's comment lists them.
type misdeed func(ctx context.Context, m *mockRun, rest string) (rules.Job, error)

// findMisdeed finds the one that body begins with. A word that ends in a colon
// takes the rest of its line; any other stands alone on the first line.
func findMisdeed(body string) (do misdeed, rest string, ok bool) {
	first, after, _ := strings.Cut(body, "\n")
	first = strings.TrimRight(first, "\r ")
	if word, message, colon := strings.Cut(first, ":"); colon {
		do, ok = misdeedsWithMessage[word]
		return do, message, ok
	}
	do, ok = misdeeds[first]
	return do, after, ok
}

var misdeedsWithMessage = map[string]misdeed{
	"@fail": func(_ context.Context, m *mockRun, message string) (rules.Job, error) {
		return m.fail(message + "\n")
	},
	"@fail-no-newline": func(_ context.Context, m *mockRun, message string) (rules.Job, error) {
		return m.fail(message)
	},
	"@not-started": func(_ context.Context, _ *mockRun, message string) (rules.Job, error) {
		return rules.Job{}, fmt.Errorf("%w: %s", ErrNotStarted, message)
	},
}

var misdeeds = map[string]misdeed{
	"@fail-invalid-utf8": func(_ context.Context, m *mockRun, _ string) (rules.Job, error) {
		const bad = "\xff\xfe \xc3( \xed\xa0\x80\n"
		if _, err := io.WriteString(m.work.Transcript, bad); err != nil {
			return rules.Job{}, fmt.Errorf("write transcript: %w", err)
		}
		return m.fail(bad)
	},
	"@hang": func(ctx context.Context, m *mockRun, _ string) (rules.Job, error) {
		m.out.init(mockCwd)
		return m.hang(ctx, rules.Job{})
	},
	"@stuck-tool": func(ctx context.Context, m *mockRun, _ string) (rules.Job, error) {
		m.out.init(mockCwd)
		m.out.say(executing)
		m.out.toolUse("toolu_mock_001", "sleep infinity")
		return m.hang(ctx, rules.Job{})
	},
	"@hang-after-result": func(ctx context.Context, m *mockRun, rest string) (rules.Job, error) {
		return m.finishAndHang(ctx, rest, false)
	},
	"@hang-after-error-result": func(ctx context.Context, m *mockRun, rest string) (rules.Job, error) {
		return m.finishAndHang(ctx, rest, true)
	},
	"@exit-after-result": func(ctx context.Context, m *mockRun, rest string) (rules.Job, error) {
		j, err := m.finish(ctx, rest, false)
		j.Resolution = rules.HardFailure
		return j, err
	},
	"@orphan-pipe": func(ctx context.Context, m *mockRun, _ string) (rules.Job, error) {
		return m.runAll(ctx, []fence{{text: "sleep 3600 &\n"}})
	},
	"@ECHO@": func(_ context.Context, m *mockRun, rest string) (rules.Job, error) {
		return m.echo(rest)
	},
	"@ECHO-HANG@": func(ctx context.Context, m *mockRun, rest string) (rules.Job, error) {
		j, err := m.echo(rest)
		if err != nil {
			return j, err
		}
		return m.hang(ctx, j)
	},
}

func (m *mockRun) fail(message string) (rules.Job, error) {
	_, _ = io.WriteString(m.work.Log, message) // the job says the same
	return rules.Job{Resolution: rules.AgenticFailure, Messages: []string{strings.ToValidUTF8(message, "\ufffd")}}, nil
}

// hang is an engine that does not end by itself.
func (m *mockRun) hang(ctx context.Context, j rules.Job) (rules.Job, error) {
	<-ctx.Done()
	j.Resolution = rules.HardFailure
	return j, m.out.err
}

// finish runs the blocks in rest, if any, and claims that it went well or
// badly, whatever they did.
func (m *mockRun) finish(ctx context.Context, rest string, badly bool) (rules.Job, error) {
	blocks := shellFences(rest)
	if len(blocks) == 0 {
		m.out.init(mockCwd)
		m.out.say(executing)
	}
	j, text, err := m.runBlocks(ctx, blocks)
	m.out.result(text, max(1, j.Usage.Turns), badly)
	return j, err
}

// finishAndHang does that and does not end.
func (m *mockRun) finishAndHang(ctx context.Context, rest string, badly bool) (rules.Job, error) {
	j, err := m.finish(ctx, rest, badly)
	if err != nil {
		return j, err
	}
	return m.hang(ctx, j)
}

// echo copies lines to the transcript and reads them like any engine's.
func (m *mockRun) echo(lines string) (rules.Job, error) {
	j := rules.Job{Resolution: rules.Success}
	reader := &streamReader{}
	n := 0
	for line := range strings.Lines(lines) {
		n++
		line = strings.TrimRight(line, "\r\n")
		if !json.Valid([]byte(line)) {
			return rules.Job{}, fmt.Errorf("%w: @ECHO@, line %d is no JSON", ErrNotStarted, n)
		}
		if _, err := fmt.Fprintln(io.MultiWriter(m.work.Transcript, reader), line); err != nil {
			return rules.Job{}, fmt.Errorf("write transcript: %w", err)
		}
	}
	reader.fill(&j)
	return j, nil
}
