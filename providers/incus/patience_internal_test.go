package incus

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lxc/incus/v6/shared/api"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// answersWith is a daemon's answer to everything.
func answersWith(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, `{"type": "sync", "status": "Success", "status_code": 200, "metadata": {}}`)
	}
}

// listen serves at the socket until the test ends, or the returned function is
// called, which leaves the socket there as a killed daemon does.
func listen(t *testing.T, socket string, h http.HandlerFunc) (kill func()) {
	t.Helper()
	_ = os.Remove(socket)
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", socket)
	require.NoError(t, err)
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	s := &http.Server{Handler: h, ReadHeaderTimeout: time.Minute}
	go func() { _ = s.Serve(l) }()
	kill = func() { _ = s.Close() }
	t.Cleanup(kill)
	return kill
}

// What a daemon that is away has not taken is sent again once it is back, and
// nothing else is.
func TestPatience(t *testing.T) {
	t.Parallel()
	var taken atomic.Int32
	takes := func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil && len(body) > 0 {
			taken.Add(1)
		}
		answersWith(http.StatusOK)(w, r)
	}
	post := func(ctx context.Context, s server) error {
		c, err := s.connect(ctx)
		if err != nil {
			return err
		}
		return c.CreateProject(api.ProjectsPost{Name: "p"})
	}
	socket := filepath.Join(t.TempDir(), "s")
	s := server{remote: remote{socket: socket, outage: &outage{}}}
	began := time.Now()
	require.Error(t, post(t.Context(), s), "one that was never there is not waited for")
	require.NoError(t, s.remote.interrupted(began))

	kill := listen(t, socket, takes)
	require.NoError(t, post(t.Context(), s))
	kill()
	require.Error(t, post(t.Context(), s.atOnce()), "nor by those who cannot use it later")
	require.Error(t, s.remote.interrupted(began))

	limited, cancel := context.WithTimeout(t.Context(), 3*outagePause)
	defer cancel()
	require.ErrorIs(t, post(limited, s), context.DeadlineExceeded)

	done := make(chan error)
	taken.Store(0)
	go func() { done <- post(t.Context(), s) }()
	time.AfterFunc(3*outagePause, func() {
		busy := listen(t, socket, answersWith(http.StatusServiceUnavailable))
		time.AfterFunc(3*outagePause, func() { busy(); listen(t, socket, takes) })
	})
	require.NoError(t, <-done, "it is back")
	assert.EqualValues(t, 1, taken.Load())

	var cut atomic.Int32
	listen(t, socket, func(http.ResponseWriter, *http.Request) { cut.Add(1); panic(http.ErrAbortHandler) })
	require.Error(t, post(t.Context(), s))
	assert.EqualValues(t, 1, cut.Load(), "what it may have begun is not sent again")
}

// All who miss the daemon wait for one absence together.
func TestOutage(t *testing.T) {
	t.Parallel()
	at := func(s int) time.Time { return time.Unix(1000, 0).Add(time.Duration(s) * time.Second) }
	var o outage
	assert.False(t, o.missed(at(0)), "it was never there")
	assert.Zero(t, o.after(at(0)))
	o.answered()
	assert.True(t, o.missed(at(1)))
	assert.True(t, o.missed(at(20)))
	assert.False(t, o.missed(at(1).Add(outageLimit)), "it stays away")
	o.answered()
	assert.True(t, o.missed(at(100)), "another absence")
	assert.Equal(t, at(100), o.after(at(99)))
	assert.Zero(t, o.after(at(101)))
}
