package incus

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/lxc/incus/v6/shared/api"
)

// The devices of a guest's network, which is also what they are called in it.
// Incus numbers them in this order.
const (
	attemptDevice = "bt0"
	openDevice    = "bt1"
)

// What a device says of itself, for the next boot's sake.
const (
	markAddress = "user.benchtest.address"
	markGateway = "user.benchtest.gateway"
)

// A wire is a guest's connection to a bridge.
type wire struct {
	device  string
	network string
	address netip.Prefix
	gateway netip.Addr // zero: none
}

// plug adds wires to what an instance is to be. LXC, or wires.sh, gives the interfaces their
// addresses whenever the guest starts, so that it needs no DHCP client and
// cannot take another address by leaving a file behind.
func plug(put *api.InstancePut, wires []wire) {
	for _, w := range wires {
		d := map[string]string{"type": "nic", "network": w.network, "name": w.device, markAddress: w.address.String()}
		if w.gateway.IsValid() {
			d[markGateway] = w.gateway.String()
			d["security.port_isolation"] = "true" // out, and not to its neighbours
			d["ipv4.address"] = w.address.Addr().String()
		}
		if isVM(put.Config) {
			d["hwaddr"] = cmp.Or(put.Devices[w.device]["hwaddr"], newMAC())
		}
		put.Devices[w.device] = d
	}
	setAddresses(put)
}

// setAddresses writes the addresses of the instance's wires to where LXC reads
// them, or wires.sh. The number of an interface is its place among the devices.
func setAddresses(put *api.InstancePut) {
	if isVM(put.Config) {
		put.Config[markWires] = wiresOf(put)
		return
	}
	var lines []string
	n := 0
	for _, name := range slices.Sorted(maps.Keys(put.Devices)) {
		d := put.Devices[name]
		if d["type"] != "nic" {
			continue
		}
		if a := d[markAddress]; a != "" {
			lines = append(lines, fmt.Sprintf("lxc.net.%d.ipv4.address=%s", n, a))
		}
		if g := d[markGateway]; g != "" {
			lines = append(lines, fmt.Sprintf("lxc.net.%d.ipv4.gateway=%s", n, g))
		}
		n++
	}
	put.Config["raw.lxc"] = strings.Join(lines, "\n")
}

// wiresOf is the addresses of a virtual machine, as wires.sh reads them.
func wiresOf(put *api.InstancePut) string {
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(put.Devices)) {
		if d := put.Devices[name]; d["type"] == "nic" && d[markAddress] != "" {
			lines = append(lines, strings.TrimSpace(d["hwaddr"]+" "+d[markAddress]+" "+d[markGateway]))
		}
	}
	return strings.Join(lines, "\n")
}

// newMAC is an address of a network card that nobody has, of those that Incus
// gives too.
func newMAC() string {
	nic := make([]byte, 3)
	_, _ = rand.Read(nic) // never fails
	return fmt.Sprintf("10:66:6a:%02x:%02x:%02x", nic[0], nic[1], nic[2])
}

// plug lays a wire to a running machine, now and after each reboot. It is
// idempotent.
func (m *Machine) plug(ctx context.Context, w wire) error {
	err := m.p.update(ctx, m.id, func(put *api.InstancePut) { plug(put, []wire{w}) })
	if err != nil {
		return err
	}
	vm, err := m.isVM(ctx)
	if err != nil {
		return err
	}
	if vm {
		return m.layWires(ctx)
	}
	for _, argv := range [][]string{
		{"/sbin/ip", "address", "replace", w.address.String(), "dev", w.device},
		{"/sbin/ip", "link", "set", w.device, "up"},
	} {
		if _, err := m.p.exec(ctx, m.id, nil, argv...); err != nil {
			return fmt.Errorf("give %s its address (the template needs iproute2): %w", w.device, err)
		}
	}
	return nil
}
