package bastion

import (
	"context"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"
)

// drain is how long a guest may take to read what a client sent before it left.
const drain = 2 * time.Second

// A session is one session channel of a client and its twin at the guest. The
// goroutine that reads the client's requests owns it; the one that reads the
// guest's may look at run once begun is closed.
type session struct {
	*connection
	down, up ssh.Channel

	tty   bool
	size  size
	run   *command      // what the client started; nil: nothing yet
	begun chan struct{} // closed when the client has the answer to its start
	left  chan struct{} // closed when the client has closed the channel

	input  pump
	fed    chan struct{} // closed when all input went to the guest; nil: none will
	output sync.WaitGroup
}

// session serves one session channel until both sides have closed it.
func (c *connection) session(ctx context.Context, nc ssh.NewChannel) {
	up, upReqs, leave, err := c.guest.open(ctx, "session", nil)
	if err != nil {
		c.reject(nc, ssh.ConnectionFailed, err.Error())
		return
	}
	defer leave()
	down, downReqs, err := nc.Accept()
	if err != nil {
		_ = up.Close()
		return
	}
	s := &session{
		connection: c, down: down, up: up,
		begun: make(chan struct{}), left: make(chan struct{}),
	}
	s.serve(downReqs, upReqs)
}

func (s *session) serve(downReqs, upReqs <-chan *ssh.Request) {
	var guest sync.WaitGroup
	guest.Go(func() { s.fromGuest(upReqs) })
	for r := range downReqs {
		ok := s.request(r)
		if r.WantReply {
			_ = r.Reply(ok, nil)
		}
		if s.run != nil && s.fed == nil {
			s.carry()
		}
	}
	close(s.left)
	// What the client sent before it closed the channel still counts.
	if s.fed != nil {
		waitFor(drain, func() { <-s.fed })
	}
	_ = s.up.Close()
	guest.Wait()
	s.output.Wait()
	if s.run != nil {
		s.run.finish(s.input.bytes.Load())
	}
}

// request handles one request of the client and says whether it was granted.
func (s *session) request(r *ssh.Request) bool {
	switch r.Type {
	case "env":
		return envAllowed(r.Payload) && s.pass(r)
	case "pty-req":
		return s.terminal(r)
	case "window-change":
		return s.resize(r)
	case "signal":
		return s.pass(r)
	case "exec", "shell", "subsystem":
		return s.start(r)
	}
	s.bastion.log.Printf("refuse %q of a client of %s", r.Type, s.guest.name)
	return false
}

// pass forwards r as it is.
func (s *session) pass(r *ssh.Request) bool {
	ok, err := s.up.SendRequest(r.Type, r.WantReply, r.Payload)
	return err == nil && (ok || !r.WantReply)
}

// envAllowed keeps out what could change what a command means.
func envAllowed(payload []byte) bool {
	var env struct{ Name, Value string }
	if ssh.Unmarshal(payload, &env) != nil {
		return false
	}
	return env.Name == "LANG" || env.Name == "TERM" || strings.HasPrefix(env.Name, "LC_")
}

func (s *session) terminal(r *ssh.Request) bool {
	var want struct {
		Term                         string
		Columns, Rows, Width, Height uint32
		Modes                        string
	}
	if s.run != nil || ssh.Unmarshal(r.Payload, &want) != nil {
		return false
	}
	s.size = size{want.Columns, want.Rows}
	s.tty = s.pass(r)
	return s.tty
}

func (s *session) resize(r *ssh.Request) bool {
	var want struct{ Columns, Rows, Width, Height uint32 }
	if ssh.Unmarshal(r.Payload, &want) != nil {
		return false
	}
	if s.run != nil {
		s.run.resize(size{want.Columns, want.Rows})
	}
	return s.pass(r)
}

// start records what the client wants to run and then has the guest run it.
func (s *session) start(r *ssh.Request) bool {
	if s.run != nil {
		return false
	}
	run, err := s.bastion.begin(s.guest.name, r, s.tty, s.size)
	if err != nil {
		s.bastion.log.Printf("refuse %s of a client of %s: %v", r.Type, s.guest.name, err)
		return false
	}
	s.run = run
	kind, payload := s.guest.access().Start(r.Type, r.Payload)
	ok, err := s.up.SendRequest(kind, true, payload)
	switch {
	case err != nil:
		run.failure.Store(new("the connection to the guest was lost"))
	case !ok:
		run.failure.Store(new("the guest refused the request"))
	}
	return err == nil && ok
}

// carry starts to move bytes. It follows the answer to the start: a guest drops
// input that comes before the command that is to read it, and a client is not
// told of an end before a beginning.
func (s *session) carry() {
	s.output.Go(func() { _ = s.run.stdout.run(s.down, s.up) })
	s.output.Go(func() { _ = s.run.stderr.run(s.down.Stderr(), s.up.Stderr()) })
	close(s.begun)
	s.input.see = s.run.seeInput
	s.fed = make(chan struct{})
	go func() {
		defer close(s.fed)
		_ = s.input.run(s.up, s.down)
		_ = s.up.CloseWrite()
	}()
}

// fromGuest forwards how the command ended, and closes the client's side when
// the guest has closed its own.
func (s *session) fromGuest(reqs <-chan *ssh.Request) {
	for r := range reqs {
		if r.WantReply {
			_ = r.Reply(false, nil)
		}
		select {
		case <-s.begun:
			if s.run.ending(r) {
				_, _ = s.down.SendRequest(r.Type, false, r.Payload)
			}
		case <-s.left:
		}
	}
	select {
	case <-s.begun:
		s.output.Wait()
		_ = s.down.CloseWrite()
		s.run.finish(s.input.bytes.Load())
	default: // the guest went away before anything ran
	}
	_ = s.down.Close()
}

// waitFor returns when wait does, or after limit.
func waitFor(limit time.Duration, wait func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		wait()
	}()
	select {
	case <-done:
	case <-time.After(limit):
	}
}
