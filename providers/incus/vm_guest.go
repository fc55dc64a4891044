package incus

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"

	incus "github.com/lxc/incus/v6/client"

	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/guest"
)

var (
	// vmScript makes of a guest one whose copies are told who they are.
	//go:embed vm.sh
	vmScript string
	// wiresScript gives a guest's interfaces their addresses.
	//go:embed wires.sh
	wiresScript string
)

// Where a virtual machine has its addresses, and what gives them to it at each
// boot: vm.sh and wires.sh know them too.
const (
	wiresFile = "/etc/benchtest-wires"
	wiresTool = "/usr/local/lib/benchtest-wires.sh"
)

// introduceRunning gives a build that runs its identity. Of what it was copied
// from it may have another's, or none and no SSH server for want of it.
func (p *Provider) introduceRunning(ctx context.Context, name, hostName string, keys providers.Keys) error {
	config, _, err := p.placeIdentity(ctx, name, true)
	if err != nil {
		return fmt.Errorf("prepare identity: %w", err)
	}
	files, err := identity(config, hostName, keys)
	if err != nil {
		return err
	}
	if err := p.writeFiles(ctx, name, files); err != nil {
		return err
	}
	const restart = "hostname \"$1\"\nsystemctl restart ssh.service 2>/dev/null || systemctl restart sshd.service\n"
	_, err = p.exec(ctx, name, []byte(restart), "/bin/sh", "-es", "-", hostName)
	return err
}

// layWires tells a virtual machine that runs its addresses: its boot is too
// late for it, or was without them.
func (m *Machine) layWires(ctx context.Context) error {
	inst, _, err := m.p.instance(ctx, m.id)
	if err != nil {
		return err
	}
	if err := m.write(ctx, wiresFile, inst.Config[markWires]+"\n"); err != nil {
		return err
	}
	if _, err := m.p.exec(ctx, m.id, []byte(wiresScript), "/bin/sh", "-s"); err != nil {
		return fmt.Errorf("give its interfaces their addresses (the template needs iproute2): %w", err)
	}
	return nil
}

// sealGuest makes of a virtual machine that runs one whose copies are told who
// they are, turns it off, and returns what the template's configuration gets
// for that.
func (p *Provider) sealGuest(ctx context.Context, name string) (map[string]string, error) {
	m := &Machine{p: p, id: name}
	config, files, err := p.placeIdentity(ctx, name, true)
	if err == nil {
		err = m.write(ctx, wiresTool, wiresScript)
	}
	if err == nil {
		_, err = p.exec(ctx, name, []byte(vmScript), "/bin/sh", "-s")
	}
	if err != nil {
		return nil, fmt.Errorf("prepare identity: %w", err)
	}
	if err := m.Stop(ctx); err != nil {
		return nil, err
	}
	all := append(fileTemplates(files), fileTemplate{path: wiresFile, key: markWires, when: "start"})
	err = p.server.do(ctx, func(c incus.InstanceServer) error { return addFileTemplates(c, name, all) })
	return config, err
}

// writeFiles fills files that are there.
func (p *Provider) writeFiles(ctx context.Context, name string, files []guest.File) error {
	return p.server.do(ctx, func(c incus.InstanceServer) error {
		conn, err := c.GetInstanceFileSFTP(name)
		if err != nil {
			return fmt.Errorf("write identity: %w", err)
		}
		defer func() { _ = conn.Close() }()
		for _, f := range files {
			w, err := conn.OpenFile("/"+f.Name, os.O_WRONLY|os.O_TRUNC)
			if err == nil {
				_, err = w.Write(f.Data)
				err = errors.Join(err, w.Close())
			}
			if err != nil {
				return fmt.Errorf("write %s: %w", f.Name, err)
			}
		}
		return nil
	})
}

// flush has a virtual machine that runs write what it has in memory: a snapshot
// has its disk alone. A container's files are the host's, which has written
// them.
func (m *Machine) flush(ctx context.Context) error {
	vm, err := m.isVM(ctx)
	if err != nil || !vm {
		return err
	}
	inst, _, err := m.p.instance(ctx, m.id)
	if err != nil || stateOf(*inst) != "running" {
		return err
	}
	_, err = m.p.exec(ctx, m.id, nil, "/bin/sync")
	return err
}

// isVM reports whether the machine is a virtual one, which it remembers.
func (m *Machine) isVM(ctx context.Context) (bool, error) {
	if known := m.vm.Load(); known != nil {
		return *known, nil
	}
	inst, _, err := m.p.instance(ctx, m.id)
	if err != nil {
		return false, err
	}
	return m.is(inst.Config), nil
}

// is notes what the machine is, by its instance's configuration.
func (m *Machine) is(config map[string]string) bool {
	vm := isVM(config)
	m.vm.Store(&vm)
	return vm
}
