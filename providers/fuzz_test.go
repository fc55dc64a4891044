package providers

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/shlex"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

// FuzzDecodeAnswer: whatever the guest says, the driver takes it for an answer
// to what it asked, in its order and with a guest's grade, or for none.
func FuzzDecodeAnswer(f *testing.F) {
	asked := facts.Request{Queries: []facts.Query{
		{Noun: facts.NounFile, Subject: "/etc/hosts"},
		{Noun: facts.NounService, Subject: "nginx", Params: map[string]any{"n": 1.0}},
		{Noun: facts.NounCommand, Subject: "nginx -t"},
	}}
	f.Fuzz(func(t *testing.T, said []byte, superset bool) {
		req := asked
		req.Superset = superset
		a, err := decodeAnswer(said, req, guestGrade)
		if err != nil {
			require.ErrorContains(t, err, "read answer: ")
			return
		}
		if !superset {
			require.Len(t, a.Facts, len(req.Queries))
			require.Empty(t, a.Complete)
		}
		for _, fact := range a.Facts {
			require.Equal(t, guestGrade(fact), fact.Grade)
		}
		snap := facts.NewSnapshot("web1", facts.Held, 0, a)
		for i, q := range req.Queries {
			require.Equal(t, q, a.Facts[i].Query)
			require.Equal(t, a.Facts[i], snap.Facts[q.ID()], "nothing else stands in for what was asked")
		}
		again, err := json.Marshal(a)
		require.NoError(t, err)
		back, err := decodeAnswer(again, req, guestGrade)
		require.NoError(t, err)
		want, err := json.Marshal(back)
		require.NoError(t, err)
		require.Equal(t, string(want), string(again), "what is stored is what was said")
	})
}

// FuzzLaunchLine: a line says what it was made of, to us and to a shell.
func FuzzLaunchLine(f *testing.F) {
	f.Fuzz(func(t *testing.T, user, dir, env, name, arg string) {
		l := Launch{Nonce: "n0", User: user, Dir: dir, Env: []string{env}, Argv: []string{name, arg}}
		line, err := l.Line()
		if err != nil {
			return
		}
		require.LessOrEqual(t, len(line), maxLine)
		back, ok := ParseLaunch(line)
		require.True(t, ok)
		require.Equal(t, l, back)
		_, kills := ParseKill(line)
		require.False(t, kills)
		if !utf8.ValidString(line) {
			return // shlex reads runes
		}
		words, err := shlex.Split(strings.TrimPrefix(line, launchHead))
		require.NoError(t, err)
		require.Equal(t, []string{
			"USER=" + user, "LOGNAME=" + user, env, "/bin/sh", "-c", launchScript, launchTail, "n0", dir, name, arg,
		}, words)
	})
}

// FuzzParseLine: no line but one of ours, to the byte, is taken for one.
func FuzzParseLine(f *testing.F) {
	f.Fuzz(func(t *testing.T, line string) {
		l, launches := ParseLaunch(line)
		if launches {
			again, err := l.Line()
			require.NoError(t, err)
			require.Equal(t, line, again)
		}
		pid, kills := ParseKill(line)
		if kills {
			require.Positive(t, pid)
			require.Contains(t, []string{killLine("root", pid), killLine("agent", pid)}, line)
		}
		require.False(t, launches && kills)
	})
}

// FuzzCapture: how a guest's stream is cut into pieces changes nothing: what
// comes before the report is chatter, and what comes after it is the command's.
func FuzzCapture(f *testing.F) {
	const nonce = "n0nce"
	f.Fuzz(func(t *testing.T, stream []byte, piece uint8, keep uint8) {
		whole := newTestCapture(nonce, keep)
		whole.take(stream)
		cut := newTestCapture(nonce, keep)
		for rest := stream; len(rest) > 0; {
			n := min(len(rest), int(piece)+1)
			cut.take(rest[:n])
			rest = rest[n:]
		}
		require.Equal(t, whole.pid(), cut.pid())
		require.Equal(t, whole.notStarted(), cut.notStarted())
		kept, truncated := whole.close()
		keptCut, truncatedCut := cut.close()
		require.Equal(t, string(kept), string(keptCut))
		require.Equal(t, truncated, truncatedCut)
		require.LessOrEqual(t, len(kept), whole.max)
		require.True(t, bytes.Contains(stream, kept))
	})
}

func newTestCapture(nonce string, keep uint8) *capture {
	out, _ := newCaptures(nonce, Command{MaxOutput: int(keep) + 1})
	return out
}

// FuzzReadLine: the dial protocol reads one bounded line, and not a byte of
// what follows it.
func FuzzReadLine(f *testing.F) {
	f.Fuzz(func(t *testing.T, sent []byte) {
		in := bytes.NewReader(sent)
		line, err := readLine(in, maxHostLine)
		read := len(sent) - in.Len()
		want, _, ended := bytes.Cut(sent, []byte("\n"))
		if !ended || len(want) > maxHostLine {
			require.Error(t, err)
			require.LessOrEqual(t, read, maxHostLine+1)
			return
		}
		require.NoError(t, err)
		require.Equal(t, string(want), line)
		require.Equal(t, len(want)+1, read)
	})
}
