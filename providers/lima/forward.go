package lima

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"github.com/benchtest-dev/benchtest/providers"
)

// A port of a guest is shown by the QEMU of its machine, on loopback. It needs
// nothing in the guest, works where the guest has no network, and is gone when
// the machine is off.

// forward shows the ports of a machine that has just started.
func (p *Provider) forward(ctx context.Context, r record) error {
	if len(r.Forwards) == 0 {
		return nil
	}
	m, err := p.openMonitor(ctx, r.Instance)
	if err != nil {
		return err
	}
	defer m.close()
	for _, f := range r.Forwards {
		if err := m.human(fmt.Sprintf("hostfwd_add net0 tcp:127.0.0.1:%d-:%d", f.Host, f.Guest)); err != nil {
			return fmt.Errorf("forward port %d of the guest: %w (without host: in the template each clone has a port of its own)", f.Guest, err)
		}
	}
	return nil
}

// Forwards are the ports of the guest that can be reached now; none while it is
// off.
func (m *Machine) Forwards(ctx context.Context) ([]providers.Forward, error) {
	list, err := m.forwards(ctx)
	if err != nil {
		return nil, fmt.Errorf("list forwards of %s: %w", m.id, err)
	}
	return list, nil
}

func (m *Machine) forwards(ctx context.Context) ([]providers.Forward, error) {
	r, err := m.p.readRecord(m.id)
	if err != nil || len(r.Forwards) == 0 || !m.p.on(r.Instance) {
		return nil, err
	}
	qemu, err := m.p.openMonitor(ctx, r.Instance)
	if err != nil {
		return nil, err
	}
	defer qemu.close()
	said, err := qemu.says("info usernet")
	if err != nil {
		return nil, err
	}
	all := parseForwards(said)
	return slices.DeleteFunc(all, func(f providers.Forward) bool {
		return !slices.ContainsFunc(r.Forwards, func(asked providers.Forward) bool {
			return asked.Guest == f.Guest && (asked.Host == 0 || asked.Host == f.Host)
		})
	}), nil
}

// A forward's line, as QEMU's monitor prints it:
//
//	Protocol[State]    FD  Source Address  Port   Dest. Address  Port RecvQ SendQ
//	TCP[HOST_FORWARD]  28       127.0.0.1 40123    192.168.5.15  8080     0     0
var forwardLine = regexp.MustCompile(`(?m)^\s*TCP\[HOST_FORWARD\]\s+\d+\s+127\.0\.0\.1\s+(\d+)\s+[0-9.]+\s+(\d+)\s`)

// parseForwards reads what QEMU prints of its network.
func parseForwards(said string) []providers.Forward {
	var list []providers.Forward
	for _, f := range forwardLine.FindAllStringSubmatch(said, -1) {
		host, err1 := strconv.ParseUint(f[1], 10, 16)
		port, err2 := strconv.ParseUint(f[2], 10, 16)
		if err1 == nil && err2 == nil {
			list = append(list, providers.Forward{Guest: int(port), Host: int(host)})
		}
	}
	return list
}
