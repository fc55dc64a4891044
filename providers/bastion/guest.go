package bastion

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/benchtest-dev/benchtest/providers"
)

// OpenSSH lets ten sessions share a connection unless told otherwise.
const (
	perLane     = 10
	maxLanes    = 32
	maxRefusals = 4 // of a guest that shares less than we think, until we give up
)

// A guest is the bastion's side of one host: SSH connections that all clients
// share. providers.Sandbox makes them, pinned, and anew after a reboot.
type guest struct {
	name   string
	up     Upstream
	limits Limits

	mu     sync.Mutex
	closed bool
	lanes  []*lane
}

var errNotAttached = errors.New("the machine is not there yet")

// A lane is one connection to a guest and its seats. The guest's mutex guards
// the counts.
type lane struct {
	sandbox *providers.Sandbox
	inUse   int
	seats   int // channels that the guest lets share it
}

// Attach says how the host called name is reached, where Config did not. It is
// called once, before any client comes.
func (b *Bastion) Attach(name string, up Upstream) error {
	g := b.guests[name]
	if g == nil {
		return fmt.Errorf("attach host: %q is no host of this attempt", name)
	}
	if err := up.check(name); err != nil {
		return fmt.Errorf("attach host: %w", err)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.up = up
	return nil
}

func newGuest(name string, up Upstream, limits Limits) *guest {
	return &guest{name: name, up: up, limits: limits}
}

// open opens a channel to the guest. The caller calls leave once when the
// channel is done. A guest that is booting is waited for, up to the dial limit.
func (g *guest) open(ctx context.Context, kind string, payload []byte) (ch ssh.Channel, reqs <-chan *ssh.Request, leave func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, g.limits.Dial)
	defer cancel()
	for refusals := 0; refusals < maxRefusals; {
		l, err := g.take()
		if err != nil {
			return nil, nil, nil, err
		}
		client, err := l.sandbox.Client(ctx)
		if err != nil {
			g.leave(l)
			return nil, nil, nil, err
		}
		ch, reqs, err := client.OpenChannel(kind, payload)
		if err == nil {
			return ch, reqs, sync.OnceFunc(func() { g.leave(l) }), nil
		}
		refused, isRefusal := errors.AsType[*ssh.OpenChannelError](err)
		switch {
		case isRefusal && kind != "session":
			g.leave(l) // the port is closed: an answer, and not the connection's fault
			return nil, nil, nil, refused
		case isRefusal:
			refusals++
			g.full(l)
			g.leave(l)
		default:
			g.leave(l)
			// The connection died just now. The sandbox makes another one as soon
			// as it has noticed.
			select {
			case <-time.After(time.Millisecond):
			case <-ctx.Done():
				return nil, nil, nil, fmt.Errorf("open %s on %s: %w", kind, g.name, err)
			}
		}
	}
	return nil, nil, nil, fmt.Errorf("open %s on %s: the guest refuses", kind, g.name)
}

// reach returns when there is a connection to the guest. It takes no seat: many
// clients that come at once wait for one connection and do not each make one.
func (g *guest) reach(ctx context.Context) error {
	for {
		g.mu.Lock()
		if err := g.usable(); err != nil {
			g.mu.Unlock()
			return err
		}
		if len(g.lanes) == 0 {
			g.addLane()
		}
		l := g.lanes[0]
		g.mu.Unlock()
		_, err := l.sandbox.Client(ctx)
		if !errors.Is(err, providers.ErrClosed) { // else its last channel has just ended
			return err
		}
	}
}

// usable is called with the mutex held.
func (g *guest) usable() error {
	switch {
	case g.closed:
		return errClosed
	case g.up.isZero():
		return errNotAttached
	}
	return nil
}

// access is how we log in to the guest, once it is attached.
func (g *guest) access() providers.Access {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.up.Access
}

// take finds a seat, in a new lane if need be.
func (g *guest) take() (*lane, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.usable(); err != nil {
		return nil, err
	}
	for _, l := range g.lanes {
		if l.inUse < l.seats {
			l.inUse++
			return l, nil
		}
	}
	if len(g.lanes) == maxLanes {
		return nil, errors.New("too many sessions on this host")
	}
	l := g.addLane()
	l.inUse = 1
	return l, nil
}

// addLane is called with the mutex held. Nothing is dialled yet.
func (g *guest) addLane() *lane {
	l := &lane{seats: perLane, sandbox: providers.NewSandbox(g.up.Machine, g.name, g.up.Access, providers.SandboxOptions{
		Server:       true,
		ConnectLimit: g.limits.Dial,
		KeepAlive:    g.limits.Keepalive,
	})}
	g.lanes = append(g.lanes, l)
	return l
}

// leave gives a seat back. Lanes beyond the first end with their last channel,
// and so does one in which the guest gave no seat at all.
func (g *guest) leave(l *lane) {
	g.mu.Lock()
	l.inUse--
	spare := l.inUse == 0 && (len(g.lanes) > 1 || l.seats == 0)
	if spare {
		l.seats = 0
		g.lanes = slices.DeleteFunc(g.lanes, func(other *lane) bool { return other == l })
	}
	g.mu.Unlock()
	if spare {
		_ = l.sandbox.Close()
	}
}

// full notes that the guest takes no more channels on l than it has now: its
// MaxSessions is lower than OpenSSH's own.
func (g *guest) full(l *lane) {
	g.mu.Lock()
	defer g.mu.Unlock()
	l.seats = max(0, l.inUse-1)
}

// close ends every connection and waits until it is gone.
func (g *guest) close() {
	g.mu.Lock()
	g.closed = true
	lanes := slices.Clone(g.lanes)
	g.mu.Unlock()
	for _, l := range lanes {
		_ = l.sandbox.Close()
	}
}
