package incus

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	incus "github.com/lxc/incus/v6/client"
	"github.com/lxc/incus/v6/shared/api"

	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/guest"
)

// maxHosts is how many addresses a network has to give.
const maxHosts = 200

// networkName is the bridge of an attempt. Linux allows 15 characters.
func networkName(attempt string) string { return "benchtest" + short(attempt, 6) }

// Connect gives each host its name, tells it the others' addresses and plugs
// it into a bridge of the attempt's own, which has no address, no way out and
// no other guests. An attempt with one host needs no network.
func (p *Provider) Connect(ctx context.Context, attempt string, hosts map[string]providers.Machine) error {
	if err := p.connect(ctx, attempt, hosts); err != nil {
		return fmt.Errorf("connect %s: %w", attempt, err)
	}
	return nil
}

func (p *Provider) connect(ctx context.Context, attempt string, machines map[string]providers.Machine) error {
	if len(machines) > maxHosts {
		return fmt.Errorf("%d hosts: want at most %d", len(machines), maxHosts)
	}
	s, err := p.look(ctx)
	if err == nil {
		err = p.gather(ctx, s, machines)
	}
	if err != nil {
		return err
	}
	names := slices.Sorted(maps.Keys(machines))
	hosts := make([]guest.Host, len(names))
	for i, name := range names {
		hosts[i] = guest.Host{Name: name, Address: fmt.Sprintf("10.77.0.%d", 10+i)}
	}
	if len(hosts) > 1 {
		if err := p.makeNetwork(ctx, attempt); err != nil {
			return fmt.Errorf("make network: %w", err)
		}
	}
	for i, h := range hosts {
		m, ours := machines[h.Name].(*Machine)
		if !ours {
			return fmt.Errorf("host %s is not of provider incus", h.Name)
		}
		if err := m.introduce(ctx, h.Name, slices.Delete(slices.Clone(hosts), i, i+1)); err != nil {
			return fmt.Errorf("host %s: %w", h.Name, err)
		}
		if len(hosts) == 1 {
			continue
		}
		w := wire{device: attemptDevice, network: networkName(attempt), address: netip.MustParsePrefix(h.Address + "/24")}
		if err := m.plug(ctx, w); err != nil {
			return fmt.Errorf("host %s: %w", h.Name, err)
		}
	}
	return nil
}

// introduce tells the guest its name and the others' addresses.
func (m *Machine) introduce(ctx context.Context, hostName string, others []guest.Host) error {
	inst, _, err := m.p.instance(ctx, m.id)
	if err != nil {
		return err
	}
	if inst.Config[markHostName] != hostName {
		if err := m.write(ctx, "/etc/hostname", hostName+"\n"); err != nil {
			return err
		}
		if _, err := m.p.exec(ctx, m.id, nil, "/bin/hostname", hostName); err != nil {
			return err
		}
	}
	return m.write(ctx, "/etc/hosts", guest.MergeHosts(inst.Config[markHosts], hostName, others))
}

// write replaces a small file of a guest that nobody has worked on yet.
func (m *Machine) write(ctx context.Context, path, text string) error {
	return m.p.server.do(ctx, func(c incus.InstanceServer) error {
		return c.CreateInstanceFile(m.id, path, incus.InstanceFileArgs{
			Content: strings.NewReader(text), Mode: 0o644, Type: "file", WriteMode: "overwrite",
		})
	})
}

// makeNetwork makes the attempt's bridge, unless it is there.
func (p *Provider) makeNetwork(ctx context.Context, attempt string) error {
	name := networkName(attempt)
	post := api.NetworksPost{Name: name, Type: "bridge", NetworkPut: api.NetworkPut{
		Description: "benchtest: an attempt's hosts",
		Config: api.ConfigMap{
			"ipv4.address": "none", "ipv6.address": "none", "ipv4.nat": "false", "dns.mode": "none",
			markKind: kindNetwork, markAttempt: attempt, markRun: p.run, markHome: homeMark(p.home),
			markCreated: time.Now().UTC().Format(time.RFC3339Nano),
		},
	}}
	err := p.createNetwork(ctx, post)
	if err == nil {
		return nil
	}
	return p.server.shared().do(ctx, func(c incus.InstanceServer) error {
		n, _, lerr := c.GetNetwork(name)
		switch {
		case lerr != nil:
			return errors.Join(err, lerr)
		case n.Config[markAttempt] != attempt:
			return fmt.Errorf("network %s is somebody else's: incus network delete %s", name, name)
		case n.Status != api.NetworkStatusCreated:
			return fmt.Errorf("network %s is half made: %w", name, err)
		}
		return nil
	})
}

// createNetwork makes a network, in a cluster on every member.
func (p *Provider) createNetwork(ctx context.Context, post api.NetworksPost) error {
	s, err := p.look(ctx)
	if err != nil {
		return err
	}
	if s.cluster {
		members, err := p.members(ctx)
		if err != nil {
			return err
		}
		for _, m := range members {
			pending := api.NetworksPost{Name: post.Name, Type: post.Type}
			err := p.server.shared().on(m.ServerName).do(ctx, func(c incus.InstanceServer) error { return c.CreateNetwork(pending) })
			if err != nil && !strings.Contains(err.Error(), "already defined") {
				return err
			}
		}
	}
	return p.server.shared().do(ctx, func(c incus.InstanceServer) error { return c.CreateNetwork(post) })
}

// Disconnect unplugs the attempt's hosts and removes their network.
func (p *Provider) Disconnect(ctx context.Context, attempt string) error {
	if err := p.disconnect(ctx, attempt); err != nil {
		return fmt.Errorf("disconnect %s: %w", attempt, err)
	}
	return nil
}

func (p *Provider) disconnect(ctx context.Context, attempt string) error {
	if _, err := p.look(ctx); err != nil {
		return err
	}
	name := networkName(attempt)
	for {
		var n *api.Network
		err := p.server.shared().do(ctx, func(c incus.InstanceServer) (err error) {
			n, _, err = c.GetNetwork(name)
			return err
		})
		switch {
		case errors.Is(err, providers.ErrNotFound):
			return nil
		case err != nil:
			return err
		case n.Config[markAttempt] != attempt:
			return nil // that is another one's
		}
		if err := p.unplugAll(ctx, name); err != nil {
			return err
		}
		last := p.server.shared().do(ctx, func(c incus.InstanceServer) error { return c.DeleteNetwork(name) })
		if last == nil || errors.Is(last, providers.ErrNotFound) {
			return nil
		}
		if err := providers.Pause(ctx, busyPause); err != nil {
			return errors.Join(err, last)
		}
	}
}

// unplugAll takes every clone off the network.
func (p *Provider) unplugAll(ctx context.Context, network string) error {
	all, err := p.instances(ctx)
	if err != nil {
		return err
	}
	for _, inst := range all {
		if inst.Devices[attemptDevice]["network"] != network {
			continue
		}
		err := p.update(ctx, inst.Name, func(put *api.InstancePut) {
			delete(put.Devices, attemptDevice)
			setAddresses(put)
		})
		if err != nil && !errors.Is(err, providers.ErrNotFound) {
			return err
		}
	}
	return nil
}

// wayOut is a wire to the bridge, with an address that nobody has.
func (p *Provider) wayOut(ctx context.Context, s *site) (wire, error) {
	var leases []api.NetworkLease
	err := p.server.shared().do(ctx, func(c incus.InstanceServer) (err error) {
		leases, err = c.GetNetworkLeases(s.bridge)
		return err
	})
	if err != nil {
		return wire{}, fmt.Errorf("look for a free address on %s: %w", s.bridge, err)
	}
	taken := map[string]bool{s.subnet.Addr().String(): true}
	for _, l := range leases {
		taken[l.Address] = true
	}
	address, err := freeAddress(s.subnet, taken, newNonce())
	if err != nil {
		return wire{}, fmt.Errorf("look for a free address on %s: %w", s.bridge, err)
	}
	return wire{device: openDevice, network: s.bridge, address: address, gateway: s.subnet.Addr()}, nil
}

// freeAddress tries addresses of the subnet beginning at one that seed
// chooses, so that two who look at once find different ones.
func freeAddress(subnet netip.Prefix, taken map[string]bool, seed string) (netip.Prefix, error) {
	bits := 32 - subnet.Bits()
	if !subnet.Addr().Is4() || bits < 2 {
		return netip.Prefix{}, fmt.Errorf("%s has no room", subnet)
	}
	size := uint32(1) << min(bits, 16)
	start, err := strconv.ParseUint(short(seed, 8), 16, 32)
	if err != nil {
		return netip.Prefix{}, err
	}
	base := subnet.Masked().Addr().As4()
	first := uint32(base[0])<<24 | uint32(base[1])<<16 | uint32(base[2])<<8 | uint32(base[3])
	for i := range size {
		n := (uint32(start) + i) % size
		if n == 0 || n == size-1 {
			continue
		}
		v := first + n
		a := netip.AddrFrom4([4]byte{byte(v >> 24), byte(v >> 16), byte(v >> 8), byte(v)})
		if !taken[a.String()] {
			return netip.PrefixFrom(a, subnet.Bits()), nil
		}
	}
	return netip.Prefix{}, fmt.Errorf("every address of %s is taken", subnet.Masked())
}
