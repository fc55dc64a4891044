package providers

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"
)

// closeGrace is how long a server may take over something that costs it
// nothing, before the whole connection is given up.
const closeGrace = time.Second

// A server that has too many sessions refuses one more, for a moment.
const (
	maxTries = 20
	tryPause = 50 * time.Millisecond
)

// A session is one channel of type "session". Unlike ssh.Session it tells the
// exit status when it comes, not when the last descendant of the command has
// let go of its streams.
type session struct {
	link *link
	ch   ssh.Channel
	exit chan exit     // gets at most one
	gone chan struct{} // closed when the server has closed the channel
	free func()        // gives the slot back; idempotent
	once sync.Once
}

// exit is how a command ended.
type exit struct {
	status int    // -1 when a signal ended it
	signal string // "KILL"
}

// session opens a session over the living connection, or over a new one: as
// long as nothing was started, trying again is safe.
func (s *Sandbox) session(ctx context.Context) (*session, error) {
	select {
	case s.sessions <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for one of %d sessions: %w", maxSessions, context.Cause(ctx))
	}
	free := sync.OnceFunc(func() { <-s.sessions })
	ses, err := s.openSession(ctx, free)
	if err != nil {
		free()
		return nil, err
	}
	return ses, nil
}

func (s *Sandbox) openSession(ctx context.Context, free func()) (*session, error) {
	for tries := 1; ; tries++ {
		l, err := s.connect(ctx)
		if err != nil {
			return nil, err
		}
		ses, err := l.session(ctx, free)
		if err == nil {
			return ses, nil
		}
		if tries == maxTries || ctx.Err() != nil {
			return nil, fmt.Errorf("open session: %w", err)
		}
		if _, refused := errors.AsType[*ssh.OpenChannelError](err); !refused {
			l.close(err) // it had died before, and nobody had noticed
			if tries == 1 {
				continue
			}
		}
		_ = Pause(ctx, tryPause) // the loop notices the end of ctx
	}
}

// session opens one. OpenChannel knows no context and waits for the server's
// word; when ctx ends first the rest is done behind the caller's back, and a
// server that never says a word costs itself the connection.
func (l *link) session(ctx context.Context, free func()) (*session, error) {
	type answer struct {
		ses *session
		err error
	}
	got := make(chan answer, 1)
	go func() {
		ch, requests, err := l.client.OpenChannel("session", nil)
		if err != nil {
			got <- answer{err: err}
			return
		}
		ses := &session{link: l, ch: ch, exit: make(chan exit, 1), gone: make(chan struct{}), free: free}
		go ses.requests(requests)
		got <- answer{ses: ses}
	}()
	select {
	case a := <-got:
		return a.ses, a.err
	case <-ctx.Done():
	}
	go func() {
		grace := time.NewTimer(closeGrace)
		defer grace.Stop()
		select {
		case a := <-got:
			if a.ses != nil {
				a.ses.close()
			}
		case <-grace.C:
			l.close(errors.New("no answer to a new session"))
		}
	}()
	return nil, context.Cause(ctx)
}

// requests reads what the server tells of the command.
func (s *session) requests(in <-chan *ssh.Request) {
	defer close(s.gone)
	for r := range in {
		var e exit
		switch r.Type {
		case "exit-status":
			var m struct{ Status uint32 }
			if ssh.Unmarshal(r.Payload, &m) != nil {
				continue
			}
			e = exit{status: int(m.Status)}
		case "exit-signal":
			var m struct {
				Signal string
				Core   bool
				Text   string
				Lang   string
			}
			if ssh.Unmarshal(r.Payload, &m) != nil {
				continue
			}
			e = exit{status: -1, signal: m.Signal}
		default:
			if r.WantReply {
				_ = r.Reply(false, nil)
			}
			continue
		}
		select {
		case s.exit <- e:
		default: // the first word holds
		}
	}
}

// errSessionGone is a session that ended before it answered.
var errSessionGone = errors.New("the session is gone")

// start asks the server to run a command line or a subsystem as a's user, and
// waits for its yes.
func (s *session) start(a Access, kind, text string) error {
	kind, payload := a.Start(kind, ssh.Marshal(startRequest{text}))
	if len(payload) > maxWord { // the quotes that make it another user's add up
		return fmt.Errorf("command line of %d bytes exceeds %d: send it on standard input", len(payload), maxWord)
	}
	ok, err := s.ch.SendRequest(kind, true, payload)
	switch {
	case err != nil: // io.EOF when the channel was closed, else the connection's end
		return fmt.Errorf("%w: %w", errSessionGone, err)
	case !ok:
		return fmt.Errorf("the server refuses %q", kind)
	}
	return nil
}

// close closes the channel without waiting for it. The slot is free again when
// the server has closed its side, which is when it stops counting, or does not
// for a while. A connection on which nothing can be written is given up.
func (s *session) close() {
	s.once.Do(func() {
		stuck := time.AfterFunc(closeGrace, func() { s.link.close(errors.New("the connection is stuck")) })
		go func() {
			defer s.free()
			_ = s.ch.Close()
			stuck.Stop()
			grace := time.NewTimer(closeGrace)
			defer grace.Stop()
			select {
			case <-s.gone:
			case <-grace.C:
			}
		}()
	})
}
