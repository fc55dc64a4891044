package bastion

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
)

// maxHello bounds a client's first line: a host name and a line end.
const maxHello = 254

// serve accepts clients until the listener closes.
func (b *Bastion) serve(ctx context.Context) {
	for {
		conn, err := b.listener.AcceptUnix()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			// Out of file descriptors, most likely: they come back as clients leave.
			b.log.Printf("accept client: %v", err)
			select {
			case <-ctx.Done():
				return
			case <-time.After(50 * time.Millisecond):
			}
			continue
		}
		select {
		case b.slots <- struct{}{}:
			b.wg.Go(func() {
				defer func() { <-b.slots }()
				b.client(ctx, conn)
			})
		default:
			b.log.Printf("refuse client: %d connections are open", cap(b.slots))
			_ = conn.SetWriteDeadline(time.Now().Add(time.Second))
			_, _ = fmt.Fprint(conn, "error: too many connections\n")
			_ = conn.Close()
		}
	}
}

// client serves one client from its first line to its end.
func (b *Bastion) client(ctx context.Context, conn *net.UnixConn) {
	defer func() { _ = conn.Close() }()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	_ = conn.SetReadDeadline(time.Now().Add(b.limits.Handshake))
	host, err := hello(conn)
	if err != nil {
		b.refused(ctx, "?", err)
		return
	}
	g := b.guests[host]
	if g == nil {
		b.log.Printf("refuse client: no host %q", host)
		_, _ = fmt.Fprintf(conn, "error: no host %q here\n", host)
		return
	}
	// A client is told of a guest that is down as of any host that is: before
	// SSH, where every client shows it.
	if err := g.reach(ctx); err != nil {
		b.refused(ctx, host, err)
		_, _ = fmt.Fprintf(conn, "error: %.500s\n", strings.ReplaceAll(err.Error(), "\n", " "))
		return
	}
	_ = conn.SetDeadline(time.Now().Add(b.limits.Handshake))
	if _, err := fmt.Fprint(conn, "ok\n"); err != nil {
		return
	}
	sc, chans, reqs, err := ssh.NewServerConn(conn, b.server)
	if err != nil {
		b.refused(ctx, host, err)
		return
	}
	_ = conn.SetDeadline(time.Time{})
	c := &connection{bastion: b, guest: g, slots: make(chan struct{}, b.limits.Sessions)}
	c.serve(ctx, chans, reqs)
	_ = sc.Close()
	_ = sc.Wait()
}

// refused logs why a client was not let in, unless the bastion itself ends.
func (b *Bastion) refused(ctx context.Context, host string, why error) {
	if ctx.Err() == nil {
		b.log.Printf("refuse client of %s: %v", host, why)
	}
}

// hello reads a client's first line and no byte beyond it: the next ones are SSH's.
func hello(r io.Reader) (host string, err error) {
	line := make([]byte, 0, maxHello)
	for len(line) < maxHello {
		next := line[len(line) : len(line)+1]
		if _, err := io.ReadFull(r, next); err != nil {
			return "", fmt.Errorf("read host name: %w", err)
		}
		if next[0] == '\n' {
			return string(line), nil
		}
		line = line[:len(line)+1]
	}
	return "", errors.New("read host name: line too long")
}
