package lima

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"sync"

	"golang.org/x/crypto/ssh"

	"github.com/benchtest-dev/benchtest/providers"
)

// A Machine is one clone. All that is known of it is in its record and with
// limactl, so any number of processes may have the same machine.
type Machine struct {
	p  *Provider
	id string

	mu    sync.Mutex
	conns map[*conn]struct{} // open ones that this value dialled
}

// ID returns the machine's ID.
func (m *Machine) ID() string { return m.id }

func (p *Provider) machine(id string) *Machine {
	return &Machine{p: p, id: id, conns: map[*conn]struct{}{}}
}

// Open finds a machine by its ID, whoever made it and however far it got.
func (p *Provider) Open(_ context.Context, id string) (providers.Machine, error) {
	if err := providers.CheckID(id); err != nil {
		return nil, fmt.Errorf("open machine: %w", err)
	}
	if _, err := os.Stat(p.recordPath(id)); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open machine %s: %w", id, providers.ErrNotFound)
	}
	return p.machine(id), nil
}

// A conn is a connection that ends with a Restore, since the guest's end of it
// does.
type conn struct {
	net.Conn
	m *Machine
}

func (c *conn) Close() error {
	c.m.mu.Lock()
	delete(c.m.conns, c)
	c.m.mu.Unlock()
	return c.Conn.Close()
}

// Dial connects to the guest's SSH server.
func (m *Machine) Dial(ctx context.Context) (net.Conn, error) {
	r, err := m.p.readRecord(m.id)
	if err != nil {
		return nil, err
	}
	nc, err := m.p.dial(ctx, r.Instance)
	if err != nil {
		return nil, fmt.Errorf("dial %s: %w", m.id, err)
	}
	return m.hold(nc), nil
}

// hold makes nc a connection that cut closes.
func (m *Machine) hold(nc net.Conn) net.Conn {
	c := &conn{Conn: nc, m: m}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.conns[c] = struct{}{}
	return c
}

// cut closes what this value dialled.
func (m *Machine) cut() {
	m.mu.Lock()
	var all []*conn
	for c := range m.conns {
		all = append(all, c)
	}
	m.mu.Unlock()
	for _, c := range all {
		_ = c.Close()
	}
}

// admin is a sandbox of the machine in which commands are root's.
func (m *Machine) admin(ctx context.Context) (*providers.Sandbox, error) {
	r, err := m.p.readRecord(m.id)
	if err != nil {
		return nil, err
	}
	key, err := r.hostKey()
	if err != nil {
		return nil, err
	}
	return m.p.admin(ctx, m, key)
}

// Enforced says which of the machine's limits hold: its memory, processors and
// disk are all that it has.
func (m *Machine) Enforced() providers.Enforced {
	if _, err := m.p.readRecord(m.id); err != nil {
		return providers.Enforced{Reason: "the machine is gone"}
	}
	return providers.Enforced{Memory: true, CPU: true, Disk: true, Reason: "processes are bounded by the machine's memory alone"}
}

// An instanceMachine is an instance without a record: a template in the making.
type instanceMachine struct {
	p    *Provider
	name string
}

func (m instanceMachine) ID() string                                 { return m.name }
func (m instanceMachine) Dial(ctx context.Context) (net.Conn, error) { return m.p.dial(ctx, m.name) }

func (m instanceMachine) Destroy(ctx context.Context) error {
	return m.p.destroyInstance(ctx, m.name)
}

// firstKey asks the SSH server of a guest that nobody but us can have reached
// for its host key, which is pinned from here on.
func firstKey(ctx context.Context, m providers.Machine) (ssh.PublicKey, error) {
	var key ssh.PublicKey
	config := &ssh.ClientConfig{
		HostKeyAlgorithms: []string{ssh.KeyAlgoED25519},
		HostKeyCallback: func(_ string, _ net.Addr, k ssh.PublicKey) error {
			key = k
			return nil
		},
	}
	for {
		if c, err := m.Dial(ctx); err == nil {
			stop := context.AfterFunc(ctx, func() { _ = c.Close() })
			_, _, _, _ = ssh.NewClientConn(c, m.ID(), config) // no key of ours: it ends there
			stop()
			_ = c.Close()
		}
		if key != nil {
			return key, nil
		}
		if err := providers.Pause(ctx, bootPoll); err != nil {
			return nil, err
		}
	}
}
