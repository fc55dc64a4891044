package bastion_test

import (
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/bastion"
)

func TestOnlyThisAttemptsKey(t *testing.T) {
	t.Parallel()
	stranger, err := providers.NewKeyPair()
	require.NoError(t, err)
	for _, tt := range []struct {
		name   string
		change func(c *ssh.ClientConfig)
	}{
		{"another key", func(c *ssh.ClientConfig) { c.Auth = []ssh.AuthMethod{ssh.PublicKeys(stranger.Signer)} }},
		{"another user", func(c *ssh.ClientConfig) { c.User = "root" }},
		{"a password", func(c *ssh.ClientConfig) { c.Auth = []ssh.AuthMethod{ssh.Password("agent")} }},
		{"nothing", func(c *ssh.ClientConfig) { c.Auth = nil }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := start(t, nil)
			_, err := w.client(t, tt.change)
			require.ErrorContains(t, err, "unable to authenticate")
			_, acted := w.FirstAction()
			assert.False(t, acted)
			assert.Empty(t, w.Commands())
		})
	}
}

func TestFirstAction(t *testing.T) {
	t.Parallel()
	w := start(t, nil)
	before := time.Now()
	w.mustClient(t)
	first, acted := w.FirstAction()
	require.True(t, acted)
	assert.WithinRange(t, first, before, time.Now())
	w.mustClient(t)
	again, _ := w.FirstAction()
	assert.Equal(t, first, again)
}

func TestForwardToTheGuestsLoopback(t *testing.T) {
	t.Parallel()
	echo, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer echo.Close()
	go func() {
		conn, err := echo.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		_, _ = io.Copy(conn, conn)
	}()
	w := start(t, nil)
	conn, err := w.mustClient(t).Dial("tcp", echo.Addr().String())
	require.NoError(t, err)
	_, err = io.WriteString(conn, "hello")
	require.NoError(t, err)
	require.NoError(t, conn.(interface{ CloseWrite() error }).CloseWrite())
	got, err := io.ReadAll(conn)
	require.NoError(t, err)
	assert.Equal(t, "hello", string(got))
	r := w.last(t)
	assert.Equal(t, bastion.Forward, r.Kind)
	assert.Equal(t, echo.Addr().String(), r.Command)
	assert.EqualValues(t, 5, r.Stdin)
	assert.EqualValues(t, 5, r.Stdout)
}

func TestRefusedForwards(t *testing.T) {
	t.Parallel()
	w := start(t, nil)
	client := w.mustClient(t)
	for _, target := range []string{"10.0.0.1:80", "web2:80", "example.org:443", "[2001:db8::1]:80"} {
		_, err := client.Dial("tcp", target)
		require.ErrorContains(t, err, "loopback only", target)
	}
	_, err := client.Listen("tcp", "127.0.0.1:0")
	require.Error(t, err)
	_, err = client.ListenUnix("/tmp/benchtest-refused")
	require.Error(t, err)
	_, err = client.Dial("unix", "/run/docker.sock")
	require.Error(t, err)
	s := newSession(t, client)
	require.Error(t, agent.RequestAgentForwarding(s))
	require.Error(t, s.RequestSubsystem("netconf"))
	assert.Empty(t, w.Commands())

	_, err = client.Dial("tcp", "127.0.0.1:1")
	require.ErrorContains(t, err, "connection refused")
	assert.NotEmpty(t, w.last(t).Error)
}

func TestUnknownHost(t *testing.T) {
	t.Parallel()
	w := start(t, nil)
	_, err := w.Machine("web9").Dial(t.Context())
	require.ErrorContains(t, err, `no host "web9" here`)
}

func TestSessionsOfAConnectionAreBounded(t *testing.T) {
	t.Parallel()
	w := start(t, func(c *bastion.Config) { c.Limits.Sessions = 14 })
	w.guest.MaxSessions = 4 // so that the bastion needs several connections to the guest
	client := w.mustClient(t)
	var held []*ssh.Session
	for range 14 {
		s := newSession(t, client)
		_, err := s.StdinPipe()
		require.NoError(t, err)
		require.NoError(t, s.Start("cat"))
		held = append(held, s)
	}
	_, err := client.NewSession()
	require.ErrorContains(t, err, "too many sessions")
	assert.GreaterOrEqual(t, w.guest.Connections(), 4)
	for _, s := range held {
		require.NoError(t, s.Close())
	}
	require.Eventually(t, func() bool {
		s, err := client.NewSession()
		if err != nil {
			return false
		}
		return s.Run("true") == nil
	}, 10*time.Second, 10*time.Millisecond)
}

func TestCommandsThatCannotBeRecordedDoNotRun(t *testing.T) {
	t.Parallel()
	w := start(t, func(c *bastion.Config) { c.Limits.Commands = 2 })
	client := w.mustClient(t)
	require.NoError(t, newSession(t, client).Run("true"))
	require.NoError(t, newSession(t, client).Run("true"))
	require.Error(t, newSession(t, client).Run("true"))
	assert.Len(t, w.Commands(), 2)
}

// Clients that say nothing, or stay, neither stop others nor pile up.
func TestAThousandConnections(t *testing.T) {
	t.Parallel()
	w := start(t, func(c *bastion.Config) {
		c.Limits.Connections = 1000
		c.Limits.Handshake, c.Limits.Dial = time.Minute, time.Minute // a hundred at once take a busy machine its time
	})
	for range 900 { // silent
		w.rawDial(t)
	}
	var wg sync.WaitGroup
	clients := make([]*ssh.Client, 100)
	for i := range clients {
		wg.Go(func() {
			var err error
			clients[i], err = w.client(t, nil)
			assert.NoError(t, err)
		})
	}
	wg.Wait()
	for _, c := range clients {
		require.NotNil(t, c)
	}
	require.NoError(t, newSession(t, clients[99]).Run("true"))
	assert.Equal(t, 1, w.guest.Connections(), "all clients share the guest's connection")

	answer, err := io.ReadAll(w.rawDial(t))
	require.NoError(t, err)
	assert.Equal(t, "error: too many connections\n", string(answer))
	require.NoError(t, clients[0].Close())
	require.Eventually(t, func() bool {
		conn, err := w.Machine("web1").Dial(t.Context())
		return err == nil && conn.Close() == nil
	}, 10*time.Second, 10*time.Millisecond)
}

func TestSilentClientsAreCut(t *testing.T) {
	t.Parallel()
	w := start(t, func(c *bastion.Config) { c.Limits.Handshake = 50 * time.Millisecond })
	for _, first := range []string{"", "web1", "web1\n", fmt.Sprintf("%0300d", 7)} {
		conn := w.rawDial(t)
		_, err := io.WriteString(conn, first)
		require.NoError(t, err)
		require.NoError(t, conn.SetReadDeadline(time.Now().Add(10*time.Second)))
		_, err = io.Copy(io.Discard, conn)
		if err != nil {
			assert.NotErrorIs(t, err, net.ErrClosed)
			assert.NotContains(t, err.Error(), "timeout", "the bastion keeps %q", first)
		}
	}
}
