package providers_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/providertest"
)

// untilGone accepts a command, reports pid and says nothing more.
func untilGone(c *taken, pid string) {
	if c == nil {
		return
	}
	c.report(pid)
	<-c.gone
}

// TestHostileExec checks that whatever a server does, Exec ends within its
// limit and two seconds, and the next one works.
func TestHostileExec(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		channel   func(r *rogue, n int, fresh ssh.NewChannel)
		timedOut  bool
		err       string
		reconnect bool
	}{
		{
			name: "never answers a channel", err: "not started", reconnect: true,
			channel: func(*rogue, int, ssh.NewChannel) {},
		},
		{
			name: "refuses channels", err: "no room",
			channel: func(_ *rogue, n int, fresh ssh.NewChannel) {
				if n < 100 {
					_ = fresh.Reject(ssh.ResourceShortage, "no room")
				}
			},
		},
		{
			name: "never answers the request", timedOut: true,
			channel: func(_ *rogue, _ int, fresh ssh.NewChannel) {
				_, requests, _ := fresh.Accept()
				for range requests { // read and not answered
				}
			},
		},
		{
			name: "refuses the request", err: "refuses",
			channel: func(_ *rogue, _ int, fresh ssh.NewChannel) {
				_, requests, _ := fresh.Accept()
				ssh.DiscardRequests(requests)
			},
		},
		{
			name: "the login shell dawdles", timedOut: true,
			channel: func(_ *rogue, _ int, fresh ssh.NewChannel) {
				if c := take(fresh); c != nil {
					_, _ = io.WriteString(c, strings.Repeat("welcome!\n", 10_000))
					<-c.gone
				}
			},
		},
		{
			name: "refuses the kill", timedOut: true,
			channel: func(_ *rogue, n int, fresh ssh.NewChannel) {
				if n == 1 {
					untilGone(take(fresh), "4242")
				} else {
					_ = fresh.Reject(ssh.Prohibited, "no")
				}
			},
		},
		{
			name: "hangs in the kill", timedOut: true, reconnect: true,
			channel: func(_ *rogue, n int, fresh ssh.NewChannel) {
				if n == 1 {
					untilGone(take(fresh), "4242")
				}
			},
		},
		{
			name: "says it killed and did not", timedOut: true,
			channel: func(_ *rogue, n int, fresh ssh.NewChannel) {
				if c := take(fresh); n == 1 {
					untilGone(c, "4242")
				} else {
					c.exit(0)
				}
			},
		},
		{
			name: "ends without a status", err: "without an exit status",
			channel: func(_ *rogue, _ int, fresh ssh.NewChannel) {
				if c := take(fresh); c != nil {
					c.report("4242")
					_ = c.Close()
				}
			},
		},
		{
			name: "ends before it starts", err: `exit status 1, "Access denied"`,
			channel: func(_ *rogue, _ int, fresh ssh.NewChannel) {
				if c := take(fresh); c != nil {
					_, _ = io.WriteString(c.Stderr(), "Access denied\n")
					c.exit(1)
				}
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := newRogue(t, tt.channel)
				s := r.sandbox(t)
				began := time.Now()
				got, err := s.Exec(t.Context(), providers.Command{Argv: []string{"true"}, Limit: 5 * time.Second})
				assert.LessOrEqual(t, time.Since(began), 7*time.Second)
				if tt.err != "" {
					require.ErrorContains(t, err, tt.err)
				} else {
					require.NoError(t, err)
				}
				assert.Equal(t, tt.timedOut, got.TimedOut)
				assert.NotZero(t, got.ExitStatus)
				r.reform()
				time.Sleep(2 * time.Second) // in the bubble: what is abandoned is given up
				_, err = s.Exec(t.Context(), providers.Command{Argv: []string{"true"}, Limit: 5 * time.Second})
				require.NoError(t, err)
				assert.Equal(t, tt.reconnect, s.Connections() == 2)
			})
		})
	}
}

// TestKillsNoOther checks that a guest's PID is not believed blindly.
func TestKillsNoOther(t *testing.T) {
	t.Parallel()
	for _, pid := range []string{"1", "0", "-1", "", "99999999999", "x"} {
		t.Run(pid, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := newRogue(t, func(_ *rogue, _ int, fresh ssh.NewChannel) { untilGone(take(fresh), pid) })
				s := r.sandbox(t)
				got, err := s.Exec(t.Context(), providers.Command{Argv: []string{"true"}, Limit: time.Second})
				require.NoError(t, err)
				assert.True(t, got.TimedOut)
				assert.EqualValues(t, 1, r.channels.Load(), "no kill was sent")
			})
		})
	}
}

func TestHostileHandshake(t *testing.T) {
	t.Parallel()
	t.Run("never speaks", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			var ends []net.Conn
			defer func() {
				for _, c := range ends {
					_ = c.Close()
				}
			}()
			mute := dialer(func(context.Context) (net.Conn, error) {
				here, there := providertest.Wire()
				ends = append(ends, there)
				return here, nil
			})
			keys, err := providers.NewKeyRing()
			require.NoError(t, err)
			began := time.Now()
			_, err = providers.Open(t.Context(), mute, "web1", keys.Access("root"), providers.SandboxOptions{})
			require.ErrorContains(t, err, "no connection within 1m0s")
			assert.Equal(t, time.Minute, time.Since(began))
			assert.Greater(t, len(ends), 1, "a hanging handshake is tried again")
		})
	})
	t.Run("another host key", func(t *testing.T) {
		t.Parallel()
		r := newRogue(t, honest)
		other, err := providers.NewKeyRing()
		require.NoError(t, err)
		access := r.keys.Access("root")
		access.HostKey = other.HostKey
		_, err = providers.Open(t.Context(), r, "web1", access, providers.SandboxOptions{})
		require.ErrorIs(t, err, providers.ErrHostKey)
		assert.EqualValues(t, 1, r.dials.Load(), "a wrong host key is not tried again")
	})
	t.Run("no host key pinned", func(t *testing.T) {
		t.Parallel()
		r := newRogue(t, honest)
		_, err := providers.Open(t.Context(), r, "web1", providers.Access{User: "root", Key: r.keys.Root.Signer}, providers.SandboxOptions{})
		require.ErrorIs(t, err, providers.ErrHostKey)
	})
	t.Run("another key of ours", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		synctest.Test(t, func(t *testing.T) {
			_, m, keys := clone(t, providertest.FakeOptions{Dir: dir})
			access := keys.Access("root")
			access.Key = keys.Agent.Signer
			began := time.Now()
			_, err := providers.Open(t.Context(), m, "web1", access, providers.SandboxOptions{})
			require.ErrorContains(t, err, "unable to authenticate")
			assert.InDelta(t, 10, time.Since(began).Seconds(), 1)
		})
	})
}

// TestFlood checks that a gigabyte of output costs no memory.
func TestFlood(t *testing.T) {
	size := 1 << 30
	if testing.Short() || raceEnabled {
		size = 1 << 26
	}
	r := newRogue(t, func(_ *rogue, _ int, fresh ssh.NewChannel) {
		c := take(fresh)
		c.report("4242")
		piece := bytes.Repeat([]byte("x"), 1<<20)
		for sent := 0; sent < size; sent += len(piece) {
			if _, err := c.Write(piece); err != nil {
				return
			}
		}
		c.exit(0)
	})
	s := r.sandbox(t)
	var before runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var most atomic.Uint64
	stop := make(chan struct{})
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		for {
			var now runtime.MemStats
			runtime.ReadMemStats(&now)
			most.Store(max(most.Load(), now.HeapInuse))
			select {
			case <-stop:
				return
			case <-time.After(50 * time.Millisecond):
			}
		}
	}()
	got, err := s.Exec(t.Context(), providers.Command{Argv: []string{"flood"}})
	close(stop)
	<-watched
	require.NoError(t, err)
	assert.Len(t, got.Stdout, 1<<20)
	assert.True(t, got.StdoutTruncated)
	assert.False(t, got.StderrTruncated)
	assert.Less(t, most.Load(), before.HeapInuse+64<<20)
}

// TestFloodLimit checks the limit against a server that never stops talking.
func TestFloodLimit(t *testing.T) {
	t.Parallel()
	r := newRogue(t, func(_ *rogue, _ int, fresh ssh.NewChannel) {
		c := take(fresh)
		if strings.Contains(c.line, "benchtest-kill") {
			c.exit(0) // a lie
			return
		}
		c.report("4242")
		for piece := bytes.Repeat([]byte("x"), 1<<16); ; {
			if _, err := c.Write(piece); err != nil {
				return
			}
		}
	})
	s := r.sandbox(t)
	began := time.Now()
	got, err := s.Exec(t.Context(), providers.Command{Argv: []string{"flood"}, Limit: 300 * time.Millisecond})
	require.NoError(t, err)
	assert.True(t, got.TimedOut)
	assert.Less(t, time.Since(began), 2300*time.Millisecond)
}
