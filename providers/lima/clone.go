package lima

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/guest"
)

// Clone copies the template's instance, starts the copy and gives it its
// identity. It returns when the machine's own SSH server answers.
func (p *Provider) Clone(ctx context.Context, c providers.CloneSpec) (providers.Machine, error) {
	m, err := p.clone(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("clone %s: %w", c.ID, err)
	}
	return m, nil
}

func (p *Provider) clone(ctx context.Context, c providers.CloneSpec) (*Machine, error) {
	c.Mounts = mountsOf(c)
	if err := p.checkSpec(c); err != nil {
		return nil, err
	}
	unlock, err := p.lockTemplate(ctx, c.Template.BuildName(), shared)
	if err != nil {
		return nil, err
	}
	defer unlock()
	t, err := p.requireMeta(c.Template)
	if err != nil {
		return nil, err
	}
	rec, err := p.recordOf(c, t, t.Passwd)
	if err != nil {
		return nil, err
	}
	src := source{instance: t.Instance, hostKey: t.HostKey, hosts: t.Hosts, passwd: t.Passwd}
	if t.fits(rec) {
		src.state = bootedTag
	}
	return p.make(ctx, rec, src, c.Keys, unlock)
}

func (p *Provider) checkSpec(c providers.CloneSpec) error {
	if err := providers.CheckID(c.ID); err != nil {
		return err
	}
	if c.Network == providers.NetworkNone && !p.tool.settings.usesQEMU() {
		return errors.New("provider lima keeps a guest from the world with QEMU alone: set BENCHTEST_LIMA_QEMU=qemu-system-" + qemuArch() + ", or ask for network: open")
	}
	return p.checkMounts(c.Template.Lima.Mode, c.Template.Name, c.Mounts)
}

func (p *Provider) recordOf(c providers.CloneSpec, t meta, passwd string) (record, error) {
	key, err := hostKeyOf(c.Keys)
	if err != nil {
		return record{}, err
	}
	r := record{
		ID: c.ID, Instance: instanceName(p.home, c.ID), Run: cmp.Or(c.Run, p.run), Template: t.Name,
		HostName: cmp.Or(c.HostName, c.Template.Name), HostKey: key, Network: c.Network,
		VCPU:      cmp.Or(c.Limits.VCPU, t.VCPU, 1),
		MemoryMiB: cmp.Or(c.Limits.MemoryMiB, t.MemoryMiB, 1024),
		DiskMiB:   cmp.Or(c.Limits.DiskMiB, t.DiskMiB, 10240),
		QEMU:      c.Template.Lima.QEMU,
		Mode:      c.Template.Lima.Mode,
		Created:   time.Now(),
	}
	if r.Mode == providers.LimaIntegrated {
		r.Mounts, r.Forwards = c.Mounts, c.Template.Lima.Forwards
		r.Agent, err = guest.LookUpUser(passwd, "agent")
	}
	return r, err
}

// A source is what a machine is copied from.
type source struct {
	instance      string // stopped
	hostKey       string // what its guest shows
	hosts, passwd string // its files
	state         string // a snapshot of it that the copy can go on from
}

// make makes the machine of rec. When it fails, nothing of it is left. copied
// is called as soon as the source is needed no more.
func (p *Provider) make(ctx context.Context, rec record, src source, keys providers.Keys, copied func()) (_ *Machine, err error) {
	pinned, err := parseKey(src.hostKey)
	if err != nil {
		return nil, err
	}
	files, err := guest.Identity(rec.HostName, src.hosts, src.passwd, keys)
	if err != nil {
		return nil, err
	}
	if err := p.tool.prepare(); err != nil {
		return nil, err
	}
	if err := p.newRecord(rec); err != nil {
		return nil, err
	}
	m := p.machine(rec.ID)
	defer func() {
		if err == nil {
			return
		}
		undo, cancel := context.WithTimeout(context.WithoutCancel(ctx), destroyLimit)
		defer cancel()
		err = errors.Join(err, p.destroyMachine(undo, rec.ID))
	}()
	if err := p.copyInstance(ctx, src.instance, rec); err != nil {
		return nil, err
	}
	copied()
	script := func() (string, error) { return identityScript(files, rec.HostName, rec.Network) }
	b := bootOf(rec, src.state)
	from := b // a start that is tried again boots
	err = p.boot(ctx, b, func(ctx context.Context) error {
		defer func() { from.state = "" }()
		return p.adoptClone(ctx, m, from, pinned, script)
	})
	if err != nil {
		return m, err
	}
	if src.state != "" { // its guest has no mounts, nor had
		return m, p.forward(ctx, rec)
	}
	return m, p.integrate(ctx, m, rec)
}

// adoptClone gives a machine that has just started its identity. A start that
// was given up may have left it with a part of that.
func (p *Provider) adoptClone(ctx context.Context, m *Machine, b bootSpec, pinned ssh.PublicKey, script func() (string, error)) error {
	if b.state != "" && p.adoptResumed(ctx, b, script) == nil {
		return nil
	}
	root, err := p.admin(ctx, m, pinned)
	if errors.Is(err, providers.ErrHostKey) {
		root, err = m.admin(ctx)
	}
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	text, err := script()
	if err != nil {
		return err
	}
	_, err = run(ctx, root, text)
	return err
}

// adoptResumed does it by the steward, which was saved with the guest.
func (p *Provider) adoptResumed(ctx context.Context, b bootSpec, script func() (string, error)) error {
	const limit = 30 * time.Second
	if err := p.awaitQEMU(ctx, b.instance); err != nil {
		return err
	}
	text, err := script()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, providers.Stretch(p, limit))
	defer cancel()
	return p.runBySteward(ctx, b.instance, text)
}

// awaitQEMU waits until the state is loaded: QEMU's monitor answers no sooner,
// and what reaches a device before that is lost.
func (p *Provider) awaitQEMU(ctx context.Context, instance string) error {
	for {
		if t, err := readTale(p.tool.dir(instance)); err == nil && t.port != 0 {
			if m, err := p.openMonitor(ctx, instance); err == nil {
				m.close()
				return nil
			}
		}
		if err := providers.Pause(ctx, bootPoll); err != nil {
			return err
		}
	}
}

// copyInstance has limactl copy an instance and give the copy its size.
func (p *Provider) copyInstance(ctx context.Context, from string, rec record) error {
	set := fmt.Sprintf(`.cpus = %d | .memory = "%dMiB" | .disk = "%dMiB"`, rec.VCPU, rec.MemoryMiB, rec.DiskMiB)
	return p.tool.clone(ctx, from, rec.Instance, "--set", set)
}
