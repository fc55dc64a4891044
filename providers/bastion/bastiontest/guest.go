//go:build unix

// Package bastiontest has an SSH server that stands for a guest in tests: it
// runs what it is asked to on this host, as the current user, in a directory
// of the test's.
package bastiontest

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/benchtest-dev/benchtest/providers"
)

// A Guest is a running SSH server and the Machine it belongs to. Its exported
// fields are set before the first connection.
type Guest struct {
	// MaxSessions is how many sessions one connection may have; zero means 10,
	// as OpenSSH has it.
	MaxSessions int
	// Home is where commands start, and their HOME.
	Home string

	ring     providers.KeyRing
	listener *net.UnixListener
	wg       sync.WaitGroup

	mu    sync.Mutex
	conns map[net.Conn]bool
	count int
	down  bool
}

var _ providers.Machine = (*Guest)(nil)

// Start makes a guest that ends with the test.
func Start(tb testing.TB) *Guest {
	tb.Helper()
	ring, err := providers.NewKeyRing()
	if err != nil {
		tb.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "guest-") //nolint:usetesting // a socket's path must be short, and a test's own directory may not be
	if err != nil {
		tb.Fatal(err)
	}
	path := filepath.Join(dir, "s")
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		tb.Fatal(err)
	}
	g := &Guest{MaxSessions: 10, Home: tb.TempDir(), ring: ring, listener: listener, conns: map[net.Conn]bool{}}
	ctx, cancel := context.WithCancel(context.Background())
	g.wg.Go(func() { g.accept(ctx) })
	tb.Cleanup(func() {
		cancel()
		_ = listener.Close()
		g.Reset()
		g.wg.Wait()
		_ = os.RemoveAll(dir)
	})
	return g
}

// ID is the same for every guest.
func (g *Guest) ID() string { return "benchtest-guest" }

// Dial connects to the guest's SSH server.
func (g *Guest) Dial(ctx context.Context) (net.Conn, error) {
	g.mu.Lock()
	down := g.down
	g.mu.Unlock()
	if down {
		return nil, errors.New("the guest is down")
	}
	return (&net.Dialer{}).DialContext(ctx, "unix", g.listener.Addr().String())
}

// Destroy is not for a guest: the test's end is its end.
func (g *Guest) Destroy(context.Context) error { return nil }

// Access is how a user called agent reaches the guest.
func (g *Guest) Access() providers.Access { return g.ring.Access("agent") }

// Reset cuts every connection, as a power failure does.
func (g *Guest) Reset() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for c := range g.conns {
		_ = c.Close()
	}
}

// SetDown makes the guest refuse connections, or accept them again.
func (g *Guest) SetDown(down bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.down = down
}

// Connections is how many connections there have been.
func (g *Guest) Connections() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.count
}

func (g *Guest) accept(ctx context.Context) {
	for {
		conn, err := g.listener.Accept()
		if err != nil {
			return
		}
		g.mu.Lock()
		g.conns[conn] = true
		g.count++
		g.mu.Unlock()
		g.wg.Go(func() {
			defer func() {
				_ = conn.Close()
				g.mu.Lock()
				delete(g.conns, conn)
				g.mu.Unlock()
			}()
			g.serve(ctx, conn)
		})
	}
}

func (g *Guest) serve(ctx context.Context, conn net.Conn) {
	host, err := ssh.ParsePrivateKey(g.ring.Keys.HostKey)
	if err != nil {
		return
	}
	config := &ssh.ServerConfig{
		PublicKeyCallback: func(m ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
			if (m.User() == "agent" || m.User() == "root") && bytes.Equal(key.Marshal(), g.Access().Key.PublicKey().Marshal()) {
				return &ssh.Permissions{}, nil
			}
			return nil, errors.New("wrong user or key")
		},
	}
	config.AddHostKey(host)
	sc, chans, reqs, err := ssh.NewServerConn(conn, config)
	if err != nil {
		return
	}
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	wg.Go(func() { ssh.DiscardRequests(reqs) })
	slots := make(chan struct{}, g.MaxSessions)
	for nc := range chans {
		wg.Go(func() { g.channel(ctx, nc, slots) })
	}
	_ = sc.Wait()
}

func (g *Guest) channel(ctx context.Context, nc ssh.NewChannel, slots chan struct{}) {
	switch nc.ChannelType() {
	case "session":
		select {
		case slots <- struct{}{}:
			defer func() { <-slots }()
			g.session(ctx, nc)
		default:
			_ = nc.Reject(ssh.ConnectionFailed, "open failed")
		}
	case "direct-tcpip":
		tcp(ctx, nc)
	default:
		_ = nc.Reject(ssh.UnknownChannelType, "unknown")
	}
}
