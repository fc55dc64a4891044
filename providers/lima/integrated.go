package lima

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/benchtest-dev/benchtest/providers"
)

// In integrated mode a guest has what limactl would give it by its agent in the
// guest, each thing named: directories, ports, containerd. limactl itself stays
// in plain mode, which keeps its own ideas of these out.

// checkTemplate refuses what limactl's machines cannot be.
func (p *Provider) checkTemplate(t providers.Template) error {
	if t.Type == providers.TypeContainer {
		return fmt.Errorf("%w: it has type: container, and limactl makes virtual machines; use -tags incus", providers.ErrUnavailable)
	}
	o := t.Lima
	named := len(o.Mounts) > 0 || len(o.Forwards) > 0 || (o.Containerd != "" && o.Containerd != "none")
	switch {
	case named && o.Mode != providers.LimaIntegrated:
		return errors.New("lima: {mounts, forwards, containerd} are for mode: integrated: say so too")
	case o.Containerd == "user":
		return fmt.Errorf("%w: lima: {containerd: user} needs nerdctl's rootless tools, which Debian has not; take system, or base: debian-podman", providers.ErrUnavailable)
	case len(o.Forwards) > 0 && !p.tool.settings.usesQEMU():
		return fmt.Errorf("%w: provider lima forwards ports with QEMU alone: use sandbox forward, or set BENCHTEST_LIMA_QEMU=qemu-system-%s", providers.ErrUnavailable, qemuArch())
	case len(o.Mounts) > 0:
		if err := errors.Join(p.canShare(), checkShares(o.Mounts)); err != nil {
			return fmt.Errorf("%w: lima: %w", providers.ErrUnavailable, err)
		}
	}
	return nil
}

// withContainerd is t with the package that its mode asks for.
func withContainerd(t providers.Template) providers.Template {
	const name = "containerd"
	if t.Lima.Mode == providers.LimaIntegrated && t.Lima.Containerd == "system" && !slices.Contains(t.Packages, name) {
		t.Packages = append(slices.Clone(t.Packages), name)
	}
	return t
}

// checkMounts refuses what a machine of a mode cannot be shown.
func (p *Provider) checkMounts(mode string, template string, mounts []providers.Mount) error {
	if len(mounts) == 0 {
		return nil
	}
	if mode != providers.LimaIntegrated {
		return fmt.Errorf("template %s is in plain mode, which mounts nothing: copy files in, or use a template with lima: {mode: integrated}", template)
	}
	return errors.Join(p.canShare(), checkShares(mounts))
}

// mountsOf are a clone's: its spec's, else its template's.
func mountsOf(c providers.CloneSpec) []providers.Mount {
	if c.Mounts == nil && c.Template.Lima.Mode == providers.LimaIntegrated {
		return c.Template.Lima.Mounts
	}
	return c.Mounts
}

// integrate gives a guest that has just booted what its record names.
func (p *Provider) integrate(ctx context.Context, m *Machine, r record) error {
	if r.Mode != providers.LimaIntegrated {
		return nil
	}
	root, err := m.admin(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	if _, err := run(ctx, root, shareScript(r.Mounts)); err != nil {
		return fmt.Errorf("mount: %w", err)
	}
	return p.forward(ctx, r)
}

// Remount changes what the guest sees of the driver from its next start on.
func (m *Machine) Remount(_ context.Context, mounts []providers.Mount) error {
	if err := m.remount(mounts); err != nil {
		return fmt.Errorf("remount %s: %w", m.id, err)
	}
	return nil
}

func (m *Machine) remount(mounts []providers.Mount) error {
	r, err := m.p.readRecord(m.id)
	if err != nil {
		return err
	}
	if err := m.p.checkMounts(r.Mode, r.Template, mounts); err != nil {
		return err
	}
	return m.p.changeRecord(m.id, func(r *record) { r.Mounts = mounts })
}
