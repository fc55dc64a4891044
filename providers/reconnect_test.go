package providers_test

import (
	"errors"
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

// TestLost checks that a command whose connection dies is an error that says
// so, is not run twice, and that the next command gets a new connection.
func TestLost(t *testing.T) {
	t.Parallel()
	var commands atomic.Int32
	r := newRogue(t, func(r *rogue, n int, fresh ssh.NewChannel) {
		c := take(fresh)
		commands.Add(1)
		c.report("4242")
		if n == 1 {
			_, _ = c.Write([]byte("half"))
			r.hangUp()
			return
		}
		c.exit(0)
	})
	s := r.sandbox(t)
	got, err := s.Exec(t.Context(), providers.Command{Argv: []string{"true"}})
	require.ErrorIs(t, err, providers.ErrLost)
	assert.Equal(t, -1, got.ExitStatus)
	assert.EqualValues(t, 1, commands.Load())
	_, err = s.Exec(t.Context(), providers.Command{Argv: []string{"true"}})
	require.NoError(t, err)
	assert.EqualValues(t, 2, commands.Load())
	assert.Equal(t, 2, s.Connections())
}

// TestStale checks that a connection that died unnoticed between two commands
// costs neither of them anything.
func TestStale(t *testing.T) {
	t.Parallel()
	r := newRogue(t, honest)
	s := r.sandbox(t)
	for range 20 {
		_, err := s.Exec(t.Context(), providers.Command{Argv: []string{"true"}})
		require.NoError(t, err)
		r.hangUp()
	}
	assert.Equal(t, 20, s.Connections())
}

func TestKeepAlive(t *testing.T) {
	t.Parallel()
	t.Run("a refusal is an answer", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			r := newRogue(t, func(_ *rogue, n int, fresh ssh.NewChannel) {
				c := take(fresh)
				c.report("4242")
				time.Sleep(time.Hour)
				c.exit(0)
			})
			s := r.sandbox(t)
			_, err := s.Exec(t.Context(), providers.Command{Argv: []string{"sleep"}})
			require.NoError(t, err)
		})
	})
	t.Run("no answer", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			r := newRogue(t, func(_ *rogue, _ int, fresh ssh.NewChannel) { untilGone(take(fresh), "4242") })
			r.requests = func(in <-chan *ssh.Request) {
				for range in { // read and not answered
				}
			}
			s := r.sandbox(t)
			began := time.Now()
			_, err := s.Exec(t.Context(), providers.Command{Argv: []string{"sleep"}})
			require.ErrorIs(t, err, providers.ErrLost)
			require.ErrorContains(t, err, "no answer for 15s")
			assert.InDelta(t, 30, time.Since(began).Seconds(), 2)
		})
	})
}

// TestBooting checks the waiting for a server that is not there yet, and that
// it is noticed soon.
func TestBooting(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		_, m, keys := clone(t, providertest.FakeOptions{Dir: dir, BootDelay: 3 * time.Second, ReadyDelay: 2 * time.Second})
		s := providers.NewSandbox(m, "web1", keys.Access("root"), providers.SandboxOptions{})
		defer func() { assert.NoError(t, s.Close()) }()
		began := time.Now()
		require.ErrorContains(t, s.WaitReady(within(t, 4*time.Second)), "system is starting")
		require.NoError(t, s.WaitReady(t.Context()))
		assert.InDelta(t, 5.0, time.Since(began).Seconds(), 0.6)
	})
}

func TestReboot(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		outside bool
	}{{"from outside", true}, {"from inside", false}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f, m, keys := clone(t, providertest.FakeOptions{BootDelay: 50 * time.Millisecond})
			if !tt.outside {
				m = dialer(m.Dial)
			}
			s, err := providers.Open(within(t, 10*time.Second), m, "web1", keys.Access("root"), providers.SandboxOptions{})
			require.NoError(t, err)
			defer func() { assert.NoError(t, s.Close()) }()
			before, err := s.BootID(t.Context())
			require.NoError(t, err)
			same, err := s.BootID(t.Context())
			require.NoError(t, err)
			assert.Equal(t, before, same)
			require.NoError(t, s.Reboot(within(t, 20*time.Second)))
			after, err := s.BootID(t.Context())
			require.NoError(t, err)
			assert.NotEqual(t, before, after)
			assert.Equal(t, 1, f.Counters().Reboots)
			assert.Equal(t, 2, s.Connections())
		})
	}
}

func TestMachineGone(t *testing.T) {
	t.Parallel()
	f, m, keys := clone(t, providertest.FakeOptions{})
	s, err := providers.Open(t.Context(), m, "web1", keys.Access("root"), providers.SandboxOptions{})
	require.NoError(t, err)
	defer func() { assert.NoError(t, s.Close()) }()
	require.NoError(t, m.Destroy(t.Context()))
	_, err = s.Exec(t.Context(), providers.Command{Argv: []string{"true"}})
	require.ErrorIs(t, err, providers.ErrNotFound, "nobody waits for a machine that is destroyed")
	assert.Equal(t, 1, f.Counters().Destroys)
}

func TestClose(t *testing.T) {
	t.Parallel()
	t.Run("ends what runs", func(t *testing.T) {
		t.Parallel()
		started := make(chan struct{})
		r := newRogue(t, func(_ *rogue, _ int, fresh ssh.NewChannel) {
			c := take(fresh)
			close(started)
			untilGone(c, "4242")
		})
		s := r.sandbox(t)
		go func() {
			<-started
			_ = s.Close()
		}()
		_, err := s.Exec(t.Context(), providers.Command{Argv: []string{"sleep"}})
		require.ErrorIs(t, err, providers.ErrLost)
		require.ErrorIs(t, err, providers.ErrClosed)
		_, err = s.Exec(t.Context(), providers.Command{Argv: []string{"true"}})
		require.ErrorIs(t, err, providers.ErrClosed)
		require.NoError(t, s.Close())
	})
	t.Run("ends a dial", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		synctest.Test(t, func(t *testing.T) {
			_, m, keys := clone(t, providertest.FakeOptions{Dir: dir, FailDial: func(*providertest.FakeMachine) error { return errors.New("not yet") }})
			s := providers.NewSandbox(m, "web1", keys.Access("root"), providers.SandboxOptions{})
			time.AfterFunc(time.Second, func() { _ = s.Close() })
			began := time.Now()
			_, err := s.Exec(t.Context(), providers.Command{Argv: []string{"true"}})
			require.ErrorIs(t, err, providers.ErrClosed)
			assert.Equal(t, time.Second, time.Since(began))
		})
	})
}
