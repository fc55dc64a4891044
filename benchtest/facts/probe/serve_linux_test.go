package main_test

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
	"github.com/benchtest-dev/benchtest/benchtest/facts/talk"
)

// serveProbe starts a probe that answers until the test ends.
func serveProbe(t *testing.T) *talk.Talk {
	t.Helper()
	own := filepath.Join(t.TempDir(), "probe")
	binary, err := os.ReadFile(buildProbe(t))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(own, binary, 0o700))
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), own, "--serve") // its end is tried below
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	tk, err := talk.Begin(out, in, 16<<20)
	require.NoError(t, err)
	assert.NoFileExists(t, own, "there is nothing to replace")
	t.Cleanup(func() {
		require.NoError(t, in.Close())
		<-tk.Ended()
		require.NoError(t, cmd.Wait(), "it ends when nobody can ask any more")
	})
	return tk
}

func askServed(ctx context.Context, tk *talk.Talk, q facts.Query) (facts.Fact, error) {
	question, err := json.Marshal(facts.Request{Queries: []facts.Query{q}})
	if err != nil {
		return facts.Fact{}, err
	}
	said, err := tk.Ask(ctx, question)
	if err != nil {
		return facts.Fact{}, err
	}
	var a facts.Answer
	if err := json.Unmarshal(said, &a); err != nil {
		return facts.Fact{}, err
	}
	return a.Facts[0], nil
}

func TestServeAnswersManyQuestions(t *testing.T) {
	t.Parallel()
	tk := serveProbe(t)
	file := filepath.Join(t.TempDir(), "file")
	for _, want := range []bool{false, true} {
		f, err := askServed(t.Context(), tk, facts.Query{Noun: facts.NounFile, Subject: file})
		require.NoError(t, err)
		assert.Equal(t, want, f.Attrs["exists"])
		require.NoError(t, os.WriteFile(file, nil, 0o600))
	}
	_, err := tk.Ask(t.Context(), []byte("[]"))
	require.ErrorContains(t, err, "read request")
	f, err := askServed(t.Context(), tk, facts.Query{Noun: facts.NounFile, Subject: file})
	require.NoError(t, err, "a bad question harms no other")
	assert.Equal(t, true, f.Attrs["exists"])
}

// A question that is given up ends what it started, and nothing else.
func TestServeGivesUp(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("a probe runs commands as root: run the tests as root")
	}
	tk := serveProbe(t)
	pid := filepath.Join(t.TempDir(), "pid")
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := askServed(ctx, tk, facts.Query{Noun: facts.NounCommand, Subject: "echo $$ >" + pid + "; exec sleep 1000"})
		done <- err
	}()
	started := func() bool {
		b, err := os.ReadFile(pid)
		return err == nil && strings.HasSuffix(string(b), "\n")
	}
	require.Eventually(t, started, 20*time.Second, 10*time.Millisecond)
	cancel()
	require.ErrorIs(t, <-done, context.Canceled)
	number, err := os.ReadFile(pid)
	require.NoError(t, err)
	gone := func() bool {
		_, err := os.Stat("/proc/" + strings.TrimSpace(string(number)) + "/stat")
		return os.IsNotExist(err)
	}
	require.Eventually(t, gone, 20*time.Second, 10*time.Millisecond, "the command goes on")
	f, err := askServed(t.Context(), tk, facts.Query{Noun: facts.NounCommand, Subject: "echo there"})
	require.NoError(t, err)
	assert.Equal(t, "there\n", f.Attrs["stdout"])
}
