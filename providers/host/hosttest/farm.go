// Package hosttest makes hosts for those who have none: machines of provider
// local, each reached over TCP at a port of this machine, and an inventory of
// them. Behind the port is the sandbox's own SSH server.
package hosttest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/benchtest-dev/benchtest/providers"
)

// A Host is one host to be made.
type Host struct {
	Name     string
	Template providers.Template
	// User is whom the inventory logs in: root, or agent, who may sudo. Empty: root.
	User string
}

// A Farm is hosts that run. Close ends them.
type Farm struct {
	// Inventory is the file, in benchtest's own format.
	Inventory string
	// Machines are the sandboxes behind the hosts, by name.
	Machines map[string]providers.Machine

	provider  providers.Provider
	network   string
	listeners []net.Listener
	cancel    context.CancelFunc
}

const closeLimit = time.Minute

// Start makes the hosts, which know each other by name, and writes their
// inventory and its key into dir. p is provider local with the templates
// built; id begins the machines' IDs. On error nothing is left running.
func Start(ctx context.Context, p providers.Provider, dir, id string, hosts []Host) (*Farm, error) {
	serving, cancel := context.WithCancel(context.WithoutCancel(ctx))
	f := &Farm{Inventory: filepath.Join(dir, "hosts.yaml"), Machines: map[string]providers.Machine{}, provider: p, network: id + "-net", cancel: cancel}
	err := f.start(ctx, serving, dir, id, hosts)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start hosts: %w", err), f.Close())
	}
	return f, nil
}

func (f *Farm) start(ctx, serving context.Context, dir, id string, hosts []Host) error {
	login, err := providers.NewKeyPair()
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "key"), login.Private, 0o600); err != nil {
		return err
	}
	inventory := bytes.NewBufferString("hosts:\n")
	for i, h := range hosts {
		port, pin, err := f.host(ctx, serving, fmt.Sprintf("%s-h%d", id, i), h, login)
		if err != nil {
			return fmt.Errorf("%s: %w", h.Name, err)
		}
		inventory.WriteString(entry(h, i, port, pin))
	}
	if n, ok := f.provider.(providers.Networker); ok && len(hosts) > 1 {
		if err := n.Connect(ctx, f.network, f.Machines); err != nil {
			return err
		}
	}
	return os.WriteFile(f.Inventory, inventory.Bytes(), 0o600)
}

// host makes one machine and a port that leads to it.
func (f *Farm) host(ctx, serving context.Context, id string, h Host, login providers.KeyPair) (port int, pin ssh.PublicKey, err error) {
	ring, err := providers.NewKeyRing()
	if err != nil {
		return 0, nil, err
	}
	ring.Keys.Root, ring.Keys.Agent = nil, login.Authorized
	if h.User != "agent" {
		ring.Keys.Root = login.Authorized
	}
	m, err := f.provider.Clone(ctx, providers.CloneSpec{
		ID: id, Template: h.Template, HostName: h.Name, Run: "farm", Network: providers.NetworkNone, Keys: ring.Keys,
	})
	if err != nil {
		return 0, nil, err
	}
	f.Machines[h.Name] = m
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, nil, err
	}
	f.listeners = append(f.listeners, l)
	go forward(serving, l, m)
	return l.Addr().(*net.TCPAddr).Port, ring.HostKey, nil //nolint:forcetypeassert // it listens on TCP
}

func entry(h Host, i, port int, pin ssh.PublicKey) string {
	user := h.User
	if user == "" {
		user = "root"
	}
	return fmt.Sprintf(`  - host_id: %d
    host_name: %s
    address: 127.0.0.1
    port: %d
    user: %s
    agent_user: agent
    key: key
    host_key: %s
    templates: [%s]
    network: none
`, 100+i, h.Name, port, user, strings.TrimSpace(string(ssh.MarshalAuthorizedKey(pin))), h.Template.Name)
}

// Close ends the ports and destroys the machines.
func (f *Farm) Close() error {
	f.cancel()
	var errs []error
	for _, l := range f.listeners {
		errs = append(errs, l.Close())
	}
	ctx, cancel := context.WithTimeout(context.Background(), closeLimit)
	defer cancel()
	for _, m := range f.Machines {
		errs = append(errs, m.Destroy(ctx))
	}
	if n, ok := f.provider.(providers.Networker); ok {
		errs = append(errs, n.Disconnect(ctx, f.network))
	}
	return errors.Join(errs...)
}
