package host

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/sync/errgroup"

	"github.com/benchtest-dev/benchtest/providers"
)

// Connect checks what it cannot make: that each host of an attempt knows the
// others by host_name, at an address of theirs, and reaches them there.
// Nothing is changed, so Disconnect has nothing to undo.
func (p *Provider) Connect(ctx context.Context, _ string, hosts map[string]providers.Machine) error {
	names := slices.Sorted(maps.Keys(hosts))
	peers := make([]*peer, len(names))
	defer func() {
		for _, p := range peers {
			if p != nil {
				_ = p.sandbox.Close()
			}
		}
	}()
	var ask errgroup.Group
	for i, name := range names {
		ask.Go(func() (err error) {
			peers[i], err = newPeer(ctx, name, hosts[name], names)
			return err
		})
	}
	if err := ask.Wait(); err != nil {
		return fmt.Errorf("connect hosts: %w", err)
	}
	var errs []error
	for _, from := range peers {
		for _, to := range peers {
			if from != to {
				errs = append(errs, from.reaches(ctx, to))
			}
		}
	}
	return errors.Join(errs...)
}

// Disconnect undoes nothing.
func (p *Provider) Disconnect(context.Context, string) error { return nil }

// A peer is one of the hosts of an attempt, and what it says of itself.
type peer struct {
	name      string
	sandbox   *providers.Sandbox
	addresses []string            // its own
	knows     map[string][]string // what it takes the others' names for
}

// peerScript prints a host's own addresses, then for each name of $@ a line of
// what it resolves to.
const peerScript = `echo $(hostname -I 2>/dev/null || ip -o addr | awk '{print $4}')
for name; do echo $(getent ahosts "$name" | awk '{print $1}' | sort -u); done`

func newPeer(ctx context.Context, name string, m providers.Machine, names []string) (*peer, error) {
	own, ok := m.(*Machine)
	if !ok {
		return nil, fmt.Errorf("%s is no machine of provider host", name)
	}
	p := &peer{name: name, sandbox: providers.NewSandbox(m, name, own.Access("root"), providers.SandboxOptions{}), knows: map[string][]string{}}
	r, err := p.sandbox.Exec(ctx, providers.Command{Argv: append([]string{"/bin/sh", "-c", peerScript, "sh"}, names...), Limit: 20 * time.Second})
	lines := strings.Split(string(r.Stdout), "\n")
	if err == nil && (r.ExitStatus != 0 || len(lines) <= len(names)) {
		err = fmt.Errorf("ask %s who its peers are: exit status %d: %.512q", name, r.ExitStatus, r.Stderr)
	}
	if err != nil {
		return nil, errors.Join(err, p.sandbox.Close())
	}
	for a := range strings.FieldsSeq(lines[0]) {
		a, _, _ = strings.Cut(a, "/")
		if ip := net.ParseIP(a); ip != nil && !ip.IsLoopback() && !ip.IsLinkLocalUnicast() {
			p.addresses = append(p.addresses, a)
		}
	}
	for i, n := range names {
		p.knows[n] = strings.Fields(lines[i+1])
	}
	return p, nil
}

// reaches says what keeps a host from another, and what mends it.
func (p *peer) reaches(ctx context.Context, other *peer) error {
	if len(other.addresses) == 0 {
		return fmt.Errorf("host %s has no address that other hosts could reach: give it a network with them", other.name)
	}
	known := p.knows[other.name]
	if !slices.ContainsFunc(known, func(a string) bool { return slices.Contains(other.addresses, a) }) {
		takes := "does not know the name"
		if len(known) > 0 {
			takes = "takes it for " + strings.Join(known, ", ")
		}
		return fmt.Errorf("host %s does not reach %s by that name (it %s): put this line into /etc/hosts of %s: %s %s",
			p.name, other.name, takes, p.name, other.addresses[0], other.name)
	}
	return p.dials(ctx, other)
}

// dials connects to the other's SSH server from within. A refusal has come all
// the way, and a server that forwards nothing says nothing about the network.
func (p *peer) dials(ctx context.Context, other *peer) error {
	client, err := p.sandbox.Client(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	c, err := client.DialContext(ctx, "tcp", net.JoinHostPort(other.name, strconv.Itoa(sshPort)))
	if err == nil {
		return c.Close()
	}
	refusal, ok := errors.AsType[*ssh.OpenChannelError](err)
	if ok && (refusal.Reason == ssh.Prohibited || strings.Contains(refusal.Message, "refused")) {
		return nil
	}
	return fmt.Errorf("host %s knows %s (%s) and cannot connect to its port %d: %w: let the hosts of a scenario reach each other",
		p.name, other.name, other.addresses[0], sshPort, err)
}

const sshPort = 22
