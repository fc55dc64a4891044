package bastion

import (
	"context"
	"errors"
	"fmt"
	"net"
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
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	_ = conn.SetDeadline(time.Now().Add(b.limits.Handshake))
	host, err := readLine(conn, maxHello)
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
	if _, err := fmt.Fprint(conn, "ok\n"); err != nil {
		return
	}
	sc, chans, reqs, err := ssh.NewServerConn(conn, b.server)
	if err != nil {
		b.refused(ctx, host, err)
		return
	}
	_ = conn.SetDeadline(time.Time{})
	b.first.CompareAndSwap(nil, new(time.Now()))
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
