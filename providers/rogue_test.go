package providers_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/providertest"
)

// A rogue is a Machine whose SSH server does what a test says.
type rogue struct {
	keys   providers.KeyRing
	server *ssh.ServerConfig
	// channel gets the channels, numbered from 1 over all connections.
	channel func(r *rogue, n int, fresh ssh.NewChannel)
	// requests gets the connection's requests; nil: they are refused.
	requests func(in <-chan *ssh.Request)

	dials, channels atomic.Int32
	mu              sync.Mutex
	ends            []net.Conn
}

func newRogue(t *testing.T, channel func(r *rogue, n int, fresh ssh.NewChannel)) *rogue {
	t.Helper()
	keys, err := providers.NewKeyRing()
	require.NoError(t, err)
	host, err := ssh.ParsePrivateKey(keys.Keys.HostKey)
	require.NoError(t, err)
	r := &rogue{keys: keys, server: &ssh.ServerConfig{NoClientAuth: true}, channel: channel}
	r.server.AddHostKey(host)
	t.Cleanup(r.hangUp)
	return r
}

func (r *rogue) ID() string                    { return "benchtest-rogue" }
func (r *rogue) Destroy(context.Context) error { return nil }

func (r *rogue) Dial(context.Context) (net.Conn, error) {
	r.dials.Add(1)
	here, there := providertest.Wire()
	r.mu.Lock()
	r.ends = append(r.ends, there)
	r.mu.Unlock()
	go r.serve(there)
	return here, nil
}

func (r *rogue) serve(conn net.Conn) {
	defer conn.Close()
	_, channels, requests, err := ssh.NewServerConn(conn, r.server)
	if err != nil {
		return
	}
	if r.requests != nil {
		go r.requests(requests)
	} else {
		go ssh.DiscardRequests(requests)
	}
	for fresh := range channels {
		r.mu.Lock()
		channel := r.channel
		r.mu.Unlock()
		go channel(r, int(r.channels.Add(1)), fresh)
	}
}

// reform makes the server honest.
func (r *rogue) reform() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.channel = honest
}

// hangUp cuts all connections.
func (r *rogue) hangUp() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, end := range r.ends {
		_ = end.Close()
	}
	r.ends = nil
}

func (r *rogue) sandbox(t *testing.T) *providers.Sandbox {
	t.Helper()
	s := providers.NewSandbox(r, "web1", r.keys.Access("root"), providers.SandboxOptions{})
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// A taken is an exec channel that the rogue has accepted.
type taken struct {
	ssh.Channel
	line string
	gone chan struct{} // the client closed it
}

// take accepts a channel and the first request on it. Nil: the client left.
func take(fresh ssh.NewChannel) *taken {
	ch, requests, err := fresh.Accept()
	if err != nil {
		return nil
	}
	first, ok := <-requests
	if !ok {
		return nil
	}
	var m struct{ Text string }
	_ = ssh.Unmarshal(first.Payload, &m)
	_ = first.Reply(true, nil)
	c := &taken{Channel: ch, line: m.Text, gone: make(chan struct{})}
	go func() {
		defer close(c.gone)
		ssh.DiscardRequests(requests)
	}()
	return c
}

// report does what the runner in the guest does first.
func (c *taken) report(pid string) {
	l, ok := providers.ParseLaunch(c.line)
	if !ok {
		panic("not a command of ours: " + c.line)
	}
	_, _ = fmt.Fprintf(c, "%s\n", l.Nonce)
	_, _ = fmt.Fprintf(c.Stderr(), "%s %s\n", l.Nonce, pid)
}

func (c *taken) exit(status uint32) {
	_, _ = c.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{status}))
	_ = c.Close()
}

// honest serves exec with nothing but exit status 0, and kills.
func honest(_ *rogue, _ int, fresh ssh.NewChannel) {
	c := take(fresh)
	if c == nil {
		return
	}
	if !strings.Contains(c.line, "benchtest-kill") {
		c.report("4242")
	}
	c.exit(0)
}
