//go:build linux

package collect

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

// sleeper is a program at a path of its own that runs until the test ends.
func sleeper(t *testing.T) (pid int, path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "sleeper")
	copyFile(t, "/bin/sleep", path)
	ctx, cancel := context.WithCancel(t.Context())
	cmd := exec.CommandContext(ctx, path, "1000")
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		cancel()
		require.Error(t, cmd.Wait())
	})
	return cmd.Process.Pid, path
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(to, b, 0o755))
}

func TestProgramIsTheFileAtItsPath(t *testing.T) {
	t.Parallel()
	pid, path := sleeper(t)
	programOf := func() string {
		s := newTestSession(testEnv(t, nil, nil), 0)
		all, err := s.listProcesses(t.Context())
		require.NoError(t, err)
		for _, p := range all {
			if p.pid == pid {
				return s.program(t.Context(), p)
			}
		}
		return "gone"
	}
	assert.Equal(t, path, programOf())
	require.NoError(t, os.Remove(path))
	assert.Equal(t, path+" (deleted)", programOf())
	copyFile(t, "/bin/sleep", path)
	assert.Equal(t, path+" (another file)", programOf(), "it is the same text, but not the file that runs")
	assert.Equal(t, "", newTestSession(testEnv(t, nil, nil), 0).program(t.Context(), nil))
}

func TestHTTPNamesWhoAnswers(t *testing.T) {
	t.Parallel()
	exe, err := os.Executable()
	require.NoError(t, err)
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "x") }))
	t.Cleanup(plain.Close)
	secure := httptest.NewTLSServer(plain.Config.Handler)
	t.Cleanup(secure.Close)
	late := lateServer(t)
	e := testEnv(t, nil, nil)
	for _, url := range []string{plain.URL, secure.URL, late} {
		fact := askOne(t, e, facts.Query{Noun: facts.NounHTTP, Subject: url, Params: map[string]any{"insecure": true}})
		require.Empty(t, fact.Error)
		assert.InDelta(t, 200.0, fact.Attrs["status"], 0, fact.Raw)
		assert.Equal(t, exe, fact.Attrs["program"], url)
	}
	plain.Close()
	assert.Nil(t, attrsOf(t, e, facts.Query{Noun: facts.NounHTTP, Subject: plain.URL})["program"])
}

// lateServer lets connections wait before it accepts them.
func lateServer(t *testing.T) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		select { // the connection is in the queue meanwhile
		case <-time.After(20 * time.Millisecond):
		case <-t.Context().Done():
		}
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
			_, _ = io.WriteString(conn, "HTTP/1.0 200 OK\r\n\r\n")
		}
	}()
	t.Cleanup(func() {
		l.Close()
		<-done
	})
	return "http://" + l.Addr().String()
}
