//go:build linux

package collect

import (
	"context"
	"net"
	"strings"
	"sync"
	"time"
)

// A watchedConn looks who is at its other end while that one has to wait: when
// all but the last byte of the first message is sent. Before, nobody may have
// accepted the connection; later, its owner may have closed it.
type watchedConn struct {
	net.Conn
	once sync.Once
	look func()
}

func (c *watchedConn) Write(b []byte) (n int, err error) {
	first := false
	c.once.Do(func() { first = len(b) > 1 })
	if !first {
		return c.Conn.Write(b)
	}
	last := len(b) - 1
	if n, err = c.Conn.Write(b[:last]); err != nil {
		return n, err
	}
	c.look()
	m, err := c.Conn.Write(b[last:])
	return n + m, err
}

// A server is who answers an exchange, as far as that was seen. Looking may go
// on while the answer is already read.
type server struct {
	mu      sync.Mutex
	program string
	took    time.Duration
}

// look notes the program that find names, and what finding it took.
func (s *server) look(find func() string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	begin := time.Now()
	s.program = find()
	s.took += time.Since(begin)
}

// seen waits for a look that has begun.
func (s *server) seen() (program string, took time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.program, s.took
}

// serverOf is the program of the process at the other end of conn; empty when
// that is not on this machine.
func (s *session) serverOf(ctx context.Context, conn net.Conn) string {
	inode, err := inetPeer(ctx, conn)
	if err != nil || inode == 0 {
		return ""
	}
	holders, err := s.holdersOf(ctx, inode)
	if err != nil {
		return ""
	}
	return strings.Join(s.programs(ctx, holders), ", ")
}
