package bastion

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/benchtest-dev/benchtest/providers"
)

// Machine is the host called name as an engine in this process reaches it:
// through the bastion, so that what it runs there is observed. A name that is
// no host of the attempt is one that cannot be dialled.
func (b *Bastion) Machine(name string) providers.Machine {
	return observed{bastion: b, host: name}
}

// Access is how to prove oneself to every Machine of the bastion.
func (b *Bastion) Access() providers.Access {
	return providers.Access{User: b.user, Key: b.identity.client, HostKey: b.identity.host.PublicKey()}
}

// observed is a guest behind the bastion.
type observed struct {
	bastion *Bastion
	host    string
}

func (m observed) ID() string {
	g := m.bastion.guests[m.host]
	if g == nil {
		return ""
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.up.isZero() {
		return ""
	}
	return g.up.Machine.ID()
}

func (m observed) Dial(ctx context.Context) (net.Conn, error) {
	return providers.DialSocket(ctx, m.bastion.Socket(), m.host)
}

// Destroy refuses: an engine works on its machine and does not own it.
func (m observed) Destroy(context.Context) error {
	return fmt.Errorf("destroy machine %s: %w", m.host, errors.ErrUnsupported)
}
