package providers

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/ssh"
)

// handshakeLimit bounds one dial with its handshake: long enough for a guest
// under software emulation, short enough to try again.
const handshakeLimit = 20 * time.Second

// A link is one client connection from its handshake to its end.
type link struct {
	client *ssh.Client
	dead   chan struct{} // closed when the connection is unusable
	ended  chan struct{} // closed when its goroutines are gone as well
	once   sync.Once
	reason error // why; set before dead is closed

	probe probeState
}

// dial makes one connection to the guest: root's own way in, where the machine
// has one, else its SSH server.
func (s *Sandbox) dial(ctx context.Context) (*link, error) {
	ctx, cancel := context.WithTimeout(ctx, s.o.paced(handshakeLimit))
	defer cancel()
	var byRoot error
	if m, ok := s.machine.(RootDialer); ok && !s.o.Server && s.access.login() == "root" {
		half, cancel := context.WithTimeout(ctx, s.o.paced(handshakeLimit)/2) // the server shall have its turn
		l, err := s.dialBy(half, m.DialRoot)
		cancel()
		if err == nil || ctx.Err() != nil {
			return l, err
		}
		byRoot = err
	}
	l, err := s.dialBy(ctx, s.machine.Dial)
	if err != nil && byRoot != nil {
		err = fmt.Errorf("%w (root's own way: %v)", err, byRoot) //nolint:errorlint // what it was does not make the server's failure final
	}
	return l, err
}

// dialBy dials and shakes hands.
func (s *Sandbox) dialBy(ctx context.Context, dial func(context.Context) (net.Conn, error)) (*link, error) {
	conn, err := dial(ctx)
	if err != nil {
		return nil, fmt.Errorf("dial: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	config, refused := s.clientConfig()
	c, channels, requests, err := ssh.NewClientConn(conn, s.host, config)
	if !stop() && err == nil {
		_ = c.Close()
		err = context.Cause(ctx)
	}
	switch {
	case err == nil:
		return s.newLink(ssh.NewClient(c, channels, requests)), nil
	case refused.Load():
		err = fmt.Errorf("%w: %w", ErrHostKey, err)
	}
	_ = conn.Close()
	return nil, err
}

func (s *Sandbox) newLink(client *ssh.Client) *link {
	l := &link{client: client, dead: make(chan struct{}), ended: make(chan struct{})}
	var wg sync.WaitGroup
	wg.Go(func() {
		err := l.client.Wait()
		l.close(err)
	})
	wg.Go(func() { l.keepAlive(s.o.KeepAlive) })
	go func() {
		wg.Wait()
		close(l.ended)
	}()
	return l
}

// clientConfig pins the host key; refused says afterwards whether that was
// what ended the handshake. The cheap algorithms come first: the bytes travel
// inside one machine, and a handshake stands before every attempt.
func (s *Sandbox) clientConfig() (config *ssh.ClientConfig, refused *atomic.Bool) {
	refused = new(atomic.Bool)
	pinned := ssh.FixedHostKey(s.access.HostKey)
	config = &ssh.ClientConfig{
		User: s.access.login(),
		Auth: []ssh.AuthMethod{ssh.PublicKeys(s.access.Key)},
		HostKeyCallback: func(name string, remote net.Addr, key ssh.PublicKey) error {
			err := pinned(name, remote, key)
			refused.Store(err != nil)
			return err
		},
		ClientVersion: "SSH-2.0-benchtest",
	}
	config.KeyExchanges = []string{"curve25519-sha256", "ecdh-sha2-nistp256", "diffie-hellman-group14-sha256"}
	config.Ciphers = []string{"aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "chacha20-poly1305@openssh.com", "aes128-ctr"}
	if s.access.HostKey != nil {
		config.HostKeyAlgorithms = hostKeyAlgorithms(s.access.HostKey.Type())
	}
	return config, refused
}

// hostKeyAlgorithms makes a server with several host keys show the pinned one.
func hostKeyAlgorithms(keyType string) []string {
	if keyType == ssh.KeyAlgoRSA {
		return []string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256}
	}
	return []string{keyType}
}

// keepAlive ends the link when a question stays without an answer. Any answer
// will do, a refusal as well.
func (l *link) keepAlive(every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-l.dead:
			return
		case <-tick.C:
		}
		late := time.AfterFunc(every, func() { l.close(fmt.Errorf("no answer for %s", every)) })
		_, _, err := l.client.SendRequest("keepalive@openssh.com", true, nil)
		late.Stop()
		if err != nil {
			l.close(err)
		}
	}
}

// close ends the connection for a reason; the first reason stays. It needs
// nothing of the other side.
func (l *link) close(reason error) {
	l.once.Do(func() {
		l.reason = reason
		close(l.dead)
		go func() { _ = l.client.Close() }() // waits for goroutines of x/crypto/ssh
	})
}

func (l *link) alive() bool {
	select {
	case <-l.dead:
		return false
	default:
		return true
	}
}

// lost is the error of what was under way when the link died.
func (l *link) lost() error {
	<-l.dead
	if l.reason == nil {
		return ErrLost
	}
	return fmt.Errorf("%w: %w", ErrLost, l.reason)
}

// authRefused recognises a refused key, for which x/crypto/ssh has no type.
func authRefused(err error) bool {
	return strings.Contains(err.Error(), "unable to authenticate")
}

// hopeless errors of a dial do not go away by dialling again.
func hopeless(err error) bool {
	return errors.Is(err, ErrHostKey) || errors.Is(err, ErrNotFound) || errors.Is(err, ErrClosed)
}
