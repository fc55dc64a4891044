package lima

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/guest"
)

// The hosts of one attempt are connected by QEMU alone: each has a second
// network card on a hub inside its QEMU. The first host's hub is the middle, and
// a pair of datagram sockets leads from it to each other one. Nobody else can
// plug in, and it works on when we are gone.

// A peer is one end of such a pair, in an instance's own QEMU.
type peer struct {
	Name   string `json:"name"`
	Local  string `json:"local"`  // the socket of this end
	Remote string `json:"remote"` // that of the other
}

// A seat is a host's place in an attempt's network.
type seat struct {
	name    string
	address string // of its second card
	mac     string
	m       *Machine
	peers   []peer
}

// maxHosts is what the last byte of an address has room for.
const maxHosts = 200

// Connect plugs the hosts together and tells each the others' names.
func (p *Provider) Connect(ctx context.Context, attempt string, hosts map[string]providers.Machine) error {
	if err := p.connect(ctx, attempt, hosts); err != nil {
		return fmt.Errorf("connect %s: %w", attempt, err)
	}
	return nil
}

func (p *Provider) connect(ctx context.Context, attempt string, hosts map[string]providers.Machine) error {
	seats, err := p.seats(hosts)
	if err != nil {
		return err
	}
	for _, s := range seats {
		var r record
		err := p.changeRecord(s.m.id, func(mine *record) {
			mine.Attempt, mine.Peers = attempt, s.peers
			r = *mine
		})
		if err != nil {
			return err
		}
		if err := p.plug(ctx, r); err != nil {
			return err
		}
	}
	for _, s := range seats {
		if err := s.tell(ctx, seats); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return nil
}

// seats places the hosts, the same way each time.
func (p *Provider) seats(hosts map[string]providers.Machine) ([]*seat, error) {
	switch {
	case len(hosts) > maxHosts:
		return nil, fmt.Errorf("%d hosts are more than %d", len(hosts), maxHosts)
	case len(hosts) > 1 && !p.tool.settings.usesQEMU():
		return nil, errors.New("provider lima connects hosts with QEMU alone: set BENCHTEST_LIMA_QEMU=qemu-system-" + qemuArch())
	}
	var seats []*seat
	for i, name := range slices.Sorted(maps.Keys(hosts)) {
		m, err := p.Open(context.Background(), hosts[name].ID())
		if err != nil {
			return nil, err
		}
		seats = append(seats, &seat{
			name: name, address: fmt.Sprintf("10.77.0.%d", 10+i), mac: fmt.Sprintf("52:54:00:62:75:%02x", i), m: m.(*Machine),
		})
	}
	for i, other := range seats[min(1, len(seats)):] {
		middle := seats[0]
		a := filepath.Join(p.tool.dir(instanceName(p.home, middle.m.id)), fmt.Sprintf("peer%d.sock", i+1))
		b := filepath.Join(p.tool.dir(instanceName(p.home, other.m.id)), "peer0.sock")
		middle.peers = append(middle.peers, peer{Name: fmt.Sprintf("peer%d", i+1), Local: a, Remote: b})
		other.peers = append(other.peers, peer{Name: "peer0", Local: b, Remote: a})
	}
	return seats, nil
}

type unixAddress struct {
	Type string `json:"type"`
	Path string `json:"path"`
}

// plug puts a machine's ends into its QEMU; those that are in it stay.
func (p *Provider) plug(ctx context.Context, r record) error {
	if len(r.Peers) == 0 {
		return nil
	}
	m, err := p.openMonitor(ctx, r.Instance)
	if err != nil {
		return err
	}
	defer m.close()
	const isThere = "Duplicate ID"
	for _, e := range r.Peers {
		err := m.ignoring("netdev_add", map[string]any{
			"type": "dgram", "id": e.Name, "local": unixAddress{"unix", e.Local}, "remote": unixAddress{"unix", e.Remote},
		}, isThere)
		if err == nil {
			err = m.ignoring("netdev_add", map[string]any{"type": "hubport", "id": "hub-" + e.Name, "hubid": 7, "netdev": e.Name}, isThere)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// unplug is the other way.
func (p *Provider) unplug(ctx context.Context, r record) error {
	if len(r.Peers) == 0 || !p.on(r.Instance) {
		return nil
	}
	m, err := p.openMonitor(ctx, r.Instance)
	if err != nil {
		return err
	}
	defer m.close()
	for _, e := range r.Peers {
		for _, id := range []string{"hub-" + e.Name, e.Name} {
			if err := m.ignoring("netdev_del", map[string]any{"id": id}, "not found"); err != nil {
				return err
			}
		}
	}
	return nil
}

// tellScript sets up a guest's second card. Its own address is the same in all
// guests: it is how the card is found, and never used.
const tellScript = `set -eu
for card in /sys/class/net/*; do
	name=${card##*/}
	case $(ip -o link show dev "$name") in
	*52:54:00:62:74:01*)
		ip link set dev "$name" down
		ip link set dev "$name" address %s
		ip addr replace %s/24 dev "$name"
		ip link set dev "$name" up
		;;
	esac
done
echo %s | base64 -d >/etc/hosts.benchtest
mv -f /etc/hosts.benchtest /etc/hosts
`

// tell makes s know the other seats.
func (s *seat) tell(ctx context.Context, seats []*seat) error {
	root, err := s.m.admin(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	old, err := run(ctx, root, "cat /etc/hosts 2>/dev/null || true\n")
	if err != nil {
		return err
	}
	var others []guest.Host
	for _, o := range seats {
		if o != s {
			others = append(others, guest.Host{Name: o.name, Address: o.address})
		}
	}
	hosts := guest.MergeHosts(string(old), s.name, others)
	_, err = run(ctx, root, fmt.Sprintf(tellScript, s.mac, s.address, base64.StdEncoding.EncodeToString([]byte(hosts))))
	return err
}

// Disconnect pulls the plugs. What the guests were told stays with them, and
// leads nowhere.
func (p *Provider) Disconnect(ctx context.Context, attempt string) error {
	ids, err := names(p.machines())
	if err != nil {
		return fmt.Errorf("disconnect %s: %w", attempt, err)
	}
	var errs []error
	for _, id := range ids {
		r, err := p.readRecord(id)
		if err != nil || r.Attempt != attempt {
			continue // gone, or another's
		}
		if err = p.unplug(ctx, r); err == nil {
			err = p.changeRecord(id, func(r *record) { r.Attempt, r.Peers = "", nil })
		}
		if err != nil && !errors.Is(err, providers.ErrNotFound) {
			errs = append(errs, fmt.Errorf("disconnect %s: %w", id, err))
		}
	}
	return errors.Join(errs...)
}
