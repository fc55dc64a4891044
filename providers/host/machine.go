package host

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"regexp"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/benchtest-dev/benchtest/providers"
)

// A Machine is a host while it is lent.
type Machine struct {
	provider *Provider
	record   record
	claim    *claim // nil: another value's, be it of this process or not
	signer   ssh.Signer
	pin      ssh.PublicKey
	broken   error // why it cannot be dialled; it can be given back all the same

	mu    sync.Mutex
	gone  bool
	conns map[*conn]bool
}

var (
	_ providers.Loan          = (*Machine)(nil)
	_ providers.Keeper        = (*Machine)(nil)
	_ providers.Accessor      = (*Machine)(nil)
	_ providers.Rebooter      = (*Machine)(nil)
	_ providers.LimitReporter = (*Machine)(nil)
)

// ID is the CloneSpec's.
func (m *Machine) ID() string { return m.record.ID }

// Access is the inventory's: its user, who is root by sudo where it is
// somebody else.
func (m *Machine) Access(user string) providers.Access {
	as := m.record.AgentUser
	if user == "root" {
		as = "root"
	}
	return providers.Access{User: as, Login: m.record.User, Key: m.signer, HostKey: m.pin}
}

// Dial connects to the host's address, as long as the host is lent.
func (m *Machine) Dial(ctx context.Context) (net.Conn, error) {
	if m.broken != nil {
		return nil, m.broken
	}
	if _, err := os.Stat(m.provider.recordPath(m.record.ID)); err != nil {
		return nil, fmt.Errorf("host %s is not lent as %s any more: %w", m.record.Name, m.record.ID, providers.ErrNotFound)
	}
	address := m.record.entry().hostPort()
	c, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	tcp, ok := c.(*net.TCPConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("dial %s: not TCP", address), c.Close())
	}
	own := &conn{TCPConn: tcp, machine: m}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.gone {
		return nil, errors.Join(fmt.Errorf("machine %s: %w", m.record.ID, providers.ErrNotFound), tcp.Close())
	}
	if m.conns == nil {
		m.conns = map[*conn]bool{}
	}
	m.conns[own] = true
	return own, nil
}

// A conn is a connection that ends with the loan.
type conn struct {
	*net.TCPConn
	machine *Machine
}

func (c *conn) Close() error {
	c.machine.mu.Lock()
	delete(c.machine.conns, c)
	c.machine.mu.Unlock()
	return c.TCPConn.Close()
}

// Destroy gives the host back: the connections of this value end, and the next
// attempt may have it. What was done to it stays done.
func (m *Machine) Destroy(context.Context) error {
	m.mu.Lock()
	m.gone = true
	for c := range m.conns {
		_ = c.TCPConn.Close() // it is over, whatever it says
	}
	m.conns = nil
	m.mu.Unlock()
	if err := removeFile(m.provider.recordPath(m.record.ID)); err != nil {
		return fmt.Errorf("give back host %s: %w", m.record.Name, err)
	}
	if m.claim != nil {
		m.provider.desk.free(m.claim)
	}
	return nil
}

// Keep leaves the host lent beyond the end of this process.
func (m *Machine) Keep() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.record
	r.Kept = true
	if err := writeFile(m.provider.recordPath(r.ID), r); err != nil {
		return fmt.Errorf("keep host %s: %w", r.Name, err)
	}
	m.record = r
	return nil
}

// Enforced says that a host is as large as it is.
func (m *Machine) Enforced() providers.Enforced {
	return providers.Enforced{Reason: "a host has its own memory, CPUs and disk: limit them where it runs"}
}

// Reboot restarts the host over SSH. It returns when the host has taken the
// order; providers.Sandbox.Reboot waits for the next boot.
func (m *Machine) Reboot(ctx context.Context) error {
	s := providers.NewSandbox(m, m.record.HostName, m.Access("root"), providers.SandboxOptions{ConnectLimit: 20 * time.Second})
	defer func() { _ = s.Close() }() // the host goes, and the connection with it
	r, err := s.Exec(ctx, providers.Command{Argv: []string{"systemctl", "reboot"}, Limit: 10 * time.Second})
	switch {
	case errors.Is(err, providers.ErrLost): // it went down before it answered
		return nil
	case err != nil:
		return fmt.Errorf("reboot host %s: %w", m.record.Name, err)
	case r.ExitStatus > 0:
		return fmt.Errorf("reboot host %s: exit status %d: %.512q", m.record.Name, r.ExitStatus, r.Stderr)
	}
	return nil
}

// Soil is told before anything is changed; see providers.Loan.
func (m *Machine) Soil(scenario string) (soiled bool, err error) {
	s := stain{Host: m.record.Name, Scenario: scenario, Attempt: m.record.Attempt, Run: m.record.Run, At: time.Now()}
	for _, key := range m.record.Addresses {
		file := m.provider.stainPath(key)
		switch err := readFile(file, new(stain)); {
		case err == nil:
			soiled = true
		case !errors.Is(err, fs.ErrNotExist):
			return false, fmt.Errorf("look whether host %s is clean: %w", m.record.Name, err)
		}
		if err := writeFile(file, s); err != nil {
			return soiled, fmt.Errorf("note that host %s is changed: %w", m.record.Name, err)
		}
	}
	return soiled, nil
}

// Mended is told when restore.* has done its work.
func (m *Machine) Mended() error {
	for _, key := range m.record.Addresses {
		if err := removeFile(m.provider.stainPath(key)); err != nil {
			return fmt.Errorf("note that host %s is mended: %w", m.record.Name, err)
		}
	}
	return nil
}

// Quarantine keeps the host from the further attempts of this run.
func (m *Machine) Quarantine(reason error) { m.provider.desk.quarantine(m.record.Addresses, reason) }

var iteration = regexp.MustCompile(`/i[0-9]+$`)

// scenarioOf is the scenario of an attempt called KEY/iN; people's own
// sandboxes have the KEY alone.
func scenarioOf(attempt string) string { return iteration.ReplaceAllString(attempt, "") }
