package providers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// The errors a caller may branch on.
var (
	// ErrHostKey: the server is not the one whose key was pinned.
	ErrHostKey = errors.New("host key is not the pinned one")
	// ErrLost: the connection ended while a command ran. What became of the
	// command is not known, and it is not started again.
	ErrLost = errors.New("connection lost")
	// ErrClosed: the Sandbox was closed.
	ErrClosed = errors.New("sandbox is closed")
	// ErrTooLarge: there is more than the caller was ready to take.
	ErrTooLarge = errors.New("too large")
)

// SandboxOptions tune a Sandbox. The zero value works, but for Facts.
type SandboxOptions struct {
	// Probe is the static probe binary, open for reading. It is shared, read
	// with ReadAt and never closed here. Nil: Facts is an error.
	Probe *os.File
	// Pace is how many times longer than elsewhere the guest may take over what
	// SSH asks of it (see Pacer); zero means 1. To a slow one we send what we
	// send packed.
	Pace float64
	// Log is told of reconnects and of commands that could not be killed. Nil:
	// nobody is.
	Log *slog.Logger
	// ConnectLimit bounds one wait for a connection, retries included; zero
	// means a minute, at the guest's pace.
	ConnectLimit time.Duration
	// KeepAlive is the pause between two questions whether the connection
	// still lives, and how long an answer may take; zero means 15 s, at the
	// guest's pace.
	KeepAlive time.Duration
	// Server: always by the guest's own SSH server, also where the machine is a
	// RootDialer. Whoever hands out Client to people or engines wants terminals,
	// shells and forwards, and the guest's own settings for them.
	Server bool
}

// A Sandbox is a Machine plus our SSH client: one connection, made when it is
// first wanted and again when it was lost, with a session for each command.
// Its methods may be called concurrently. Whoever opens it closes it; that
// does not destroy the Machine.
type Sandbox struct {
	machine Machine
	host    string
	access  Access
	o       SandboxOptions
	log     *slog.Logger

	dialing  chan struct{} // holds one: the right to dial
	sessions chan struct{} // one for each session in use
	closed   chan struct{}
	beside   sync.WaitGroup // what goes on in the guest that nobody may wait for any more

	mu      sync.Mutex
	link    *link // nil before the first, and after a lost one until the next
	stopped bool  // closed is closed
	dials   int
}

var _ Runner = (*Sandbox)(nil)

// maxSessions leaves room, below the ten that sshd allows a connection by
// default, for the probe's and for those that kill commands.
const maxSessions = 7

// NewSandbox makes the sandbox of host, which is m. It connects lazily.
func NewSandbox(m Machine, host string, a Access, o SandboxOptions) *Sandbox {
	o.Pace = max(1, o.Pace)
	if o.ConnectLimit == 0 {
		o.ConnectLimit = o.paced(time.Minute)
	}
	if o.KeepAlive == 0 {
		o.KeepAlive = o.paced(15 * time.Second)
	}
	log := o.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Sandbox{
		machine: m, host: host, access: a, o: o,
		log:      log.With("host", host, "machine", m.ID()),
		dialing:  make(chan struct{}, 1),
		sessions: make(chan struct{}, maxSessions),
		closed:   make(chan struct{}),
	}
}

// paced is a limit of what the guest does by itself.
func (o SandboxOptions) paced(limit time.Duration) time.Duration {
	return time.Duration(float64(limit) * o.Pace)
}

// Open is NewSandbox and the first connection: the SSH server answers, with
// the pinned key. The guest may still be booting; see WaitReady.
func Open(ctx context.Context, m Machine, host string, a Access, o SandboxOptions) (*Sandbox, error) {
	s := NewSandbox(m, host, a, o)
	if _, err := s.connect(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open sandbox %s: %w", host, err), s.Close())
	}
	return s, nil
}

// Host is the name the scenario calls the host.
func (s *Sandbox) Host() string { return s.host }

// Access is how it logs in.
func (s *Sandbox) Access() Access { return s.access }

// Machine is what the sandbox stands on.
func (s *Sandbox) Machine() Machine { return s.machine }

// Connections is how many connections there have been: one more than the
// reconnects.
func (s *Sandbox) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dials
}

// Close ends the connection and, with ErrLost, what still runs over it. It is
// idempotent.
func (s *Sandbox) Close() error {
	s.mu.Lock()
	l := s.link
	if !s.stopped {
		s.stopped = true
		close(s.closed)
	}
	s.mu.Unlock()
	if l != nil {
		l.close(ErrClosed)
		<-l.ended
	}
	s.beside.Wait()
	return nil
}

// behind does something that Close waits for; false when it is closed.
func (s *Sandbox) behind(do func()) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return false
	}
	s.beside.Go(do)
	return true
}

// alive is ctx, which also ends when the sandbox is closed.
func (s *Sandbox) alive(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		select {
		case <-s.closed:
			cancel(ErrClosed)
		case <-ctx.Done():
		}
	}()
	return ctx, func() { cancel(context.Canceled) }
}
