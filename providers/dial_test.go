package providers_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/providertest"
)

// serveDial serves machines at a socket until the test ends.
func serveDial(t *testing.T, machines func(string) (providers.Machine, error)) (path string) {
	t.Helper()
	path = socket(t)
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", path)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- providers.ServeDial(ctx, l, machines) }()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-served:
			require.NoError(t, err)
		case <-time.After(5 * time.Second):
			t.Error("ServeDial does not end")
		}
	})
	return path
}

// socket is a path that is short enough for a socket, as t.TempDir is not.
func socket(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "dial") //nolint:usetesting // see above
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	return filepath.Join(dir, "s")
}

// upper is a server that answers in capitals once its client has finished.
func upper(context.Context) (net.Conn, error) {
	here, there := providertest.Wire()
	go func() {
		defer there.Close()
		said, _ := io.ReadAll(there)
		_, _ = there.Write(bytes.ToUpper(said))
	}()
	return here, nil
}

func TestServeDial(t *testing.T) {
	t.Parallel()
	path := serveDial(t, func(host string) (providers.Machine, error) {
		switch host {
		case "web1":
			return dialer(upper), nil
		case "off":
			return dialer(func(context.Context) (net.Conn, error) { return nil, errors.New("it is\noff") }), nil
		}
		return nil, providers.ErrNotFound
	})
	t.Run("half-close", func(t *testing.T) {
		t.Parallel()
		text := strings.Repeat("hello ", 100_000)
		conn, err := providers.DialSocket(t.Context(), path, "web1")
		require.NoError(t, err)
		var out bytes.Buffer
		require.NoError(t, providers.Pipe(t.Context(), conn, strings.NewReader(text), &out))
		assert.Equal(t, strings.ToUpper(text), out.String())
	})
	t.Run("errors", func(t *testing.T) {
		t.Parallel()
		for host, want := range map[string]string{
			"db1": "machine not found", "off": "it is off", "": "not a host name", "a\nb": "not a host name", strings.Repeat("x", 300): "not a host name",
		} {
			_, err := providers.DialSocket(t.Context(), path, host)
			assert.ErrorContains(t, err, want)
		}
		_, err := providers.DialSocket(t.Context(), path+"x", "web1")
		require.ErrorIs(t, err, os.ErrNotExist)
	})
	t.Run("ctx ends a pipe", func(t *testing.T) {
		t.Parallel()
		conn, err := providers.DialSocket(t.Context(), path, "web1")
		require.NoError(t, err)
		r, w := io.Pipe()
		defer func() { _ = w.Close() }()
		err = providers.Pipe(within(t, 50*time.Millisecond), conn, r, io.Discard)
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
	t.Run("an endless name", func(t *testing.T) {
		t.Parallel()
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "unix", path)
		require.NoError(t, err)
		defer conn.Close()
		_, _ = conn.Write(bytes.Repeat([]byte("x"), 10_000))
		_, err = io.ReadAll(conn)
		if err != nil {
			require.ErrorContains(t, err, "reset")
		}
	})
}

// TestServeDialEnds checks that clients that hang do not keep it.
func TestServeDialEnds(t *testing.T) {
	t.Parallel()
	path := socket(t)
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", path)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() {
		served <- providers.ServeDial(ctx, l, func(string) (providers.Machine, error) { return dialer(upper), nil })
	}()
	mute, err := (&net.Dialer{}).DialContext(t.Context(), "unix", path)
	require.NoError(t, err)
	defer mute.Close()
	idle, err := providers.DialSocket(t.Context(), path, "web1")
	require.NoError(t, err)
	defer idle.Close()
	cancel()
	select {
	case err := <-served:
		require.NoError(t, err)
	case <-time.After(5 * time.Second):
		t.Fatal("ServeDial does not end")
	}
	_, err = idle.Read(make([]byte, 1))
	require.Error(t, err)
}

// TestSandboxOverSocket is SSH through the socket, which is what a
// ProxyCommand does.
func TestSandboxOverSocket(t *testing.T) {
	t.Parallel()
	_, m, keys := clone(t, providertest.FakeOptions{})
	path := serveDial(t, func(string) (providers.Machine, error) { return m, nil })
	far := dialer(func(ctx context.Context) (net.Conn, error) { return providers.DialSocket(ctx, path, "web1") })
	s, err := providers.Open(t.Context(), far, "web1", keys.Access("agent"), providers.SandboxOptions{})
	require.NoError(t, err)
	defer func() { assert.NoError(t, s.Close()) }()
	r, err := s.Exec(t.Context(), sh("echo $USER"))
	require.NoError(t, err)
	assert.Equal(t, "agent\n", string(r.Stdout))
}
