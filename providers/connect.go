package providers

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/crypto/ssh"
)

// The pauses between two dials grow with the wait, so that what is lost after
// the machine's last refusal is a small share of the whole. A refusal of a key
// costs both sides a handshake and is not hurried.
const (
	firstPause   = 5 * time.Millisecond
	lastPause    = 500 * time.Millisecond
	pauseShare   = 32 // of what was waited so far
	refusedPause = 50 * time.Millisecond
)

// authPatience is how long a refused key is tried again: for a moment of every
// boot, sshd lets nobody in but root.
const authPatience = 10 * time.Second

// connect is the one place that makes connections: it returns the living one
// or dials until there is one, ctx ends or dialling is hopeless.
func (s *Sandbox) connect(ctx context.Context) (*link, error) {
	if l := s.current(); l != nil {
		return l, nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, s.o.ConnectLimit, fmt.Errorf("no connection within %s", s.o.ConnectLimit))
	defer cancel()
	ctx, stop := s.alive(ctx)
	defer stop()
	select {
	case s.dialing <- struct{}{}:
		defer func() { <-s.dialing }()
	case <-ctx.Done():
		return nil, fmt.Errorf("connect: %w", context.Cause(ctx))
	}
	if l := s.current(); l != nil {
		return l, nil
	}
	return s.redial(ctx)
}

func (s *Sandbox) redial(ctx context.Context) (*link, error) {
	var refusedSince time.Time
	var last error
	for begin := time.Now(); ; {
		l, err := s.dial(ctx)
		if err == nil {
			return s.adopt(l)
		}
		if last == nil || ctx.Err() == nil { // a try that ctx cut short tells nothing
			last = err
		}
		pause := min(max(time.Since(begin)/pauseShare, firstPause), lastPause)
		if !authRefused(err) {
			refusedSince = time.Time{}
		} else {
			pause = max(pause, refusedPause)
			if refusedSince.IsZero() {
				refusedSince = time.Now()
			}
		}
		if hopeless(err) || !refusedSince.IsZero() && time.Since(refusedSince) > authPatience {
			return nil, fmt.Errorf("connect: %w", err)
		}
		wait := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			wait.Stop()
			return nil, fmt.Errorf("connect: %w (last try: %w)", context.Cause(ctx), last)
		case <-wait.C:
		}
	}
}

// adopt makes l the connection of the sandbox.
func (s *Sandbox) adopt(l *link) (*link, error) {
	s.mu.Lock()
	if s.stopped {
		s.mu.Unlock()
		l.close(ErrClosed)
		<-l.ended
		return nil, ErrClosed
	}
	s.link = l
	s.dials++
	again := s.dials > 1
	s.mu.Unlock()
	if again {
		s.log.Info("reconnected")
	}
	return l, nil
}

// current is the living connection, or nil.
func (s *Sandbox) current() *link {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.link != nil && s.link.alive() {
		return s.link
	}
	return nil
}

// drop ends the present connection, so that the next command makes a new one.
func (s *Sandbox) drop(reason error) {
	if l := s.current(); l != nil {
		l.close(reason)
	}
}

// Client is the SSH connection itself, for whoever forwards whole sessions
// (the bastion). It is made when there is none, is shared and is not to be
// closed; once it is lost, ask again.
func (s *Sandbox) Client(ctx context.Context) (*ssh.Client, error) {
	l, err := s.connect(ctx)
	if err != nil {
		return nil, fmt.Errorf("reach %s: %w", s.host, err)
	}
	return l.client, nil
}
