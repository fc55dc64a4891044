package lima

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/benchtest-dev/benchtest/providers"
)

// on reports whether an instance has been started and not been stopped.
func (p *Provider) on(instance string) bool {
	_, err := os.Stat(filepath.Join(p.tool.dir(instance), "ha.pid"))
	return err == nil
}

// Start turns the machine on, if it is off, and returns when its SSH server
// answers.
func (m *Machine) Start(ctx context.Context) error {
	if err := m.start(ctx); err != nil {
		return fmt.Errorf("start %s: %w", m.id, err)
	}
	return nil
}

func (m *Machine) start(ctx context.Context) error {
	r, err := m.p.readRecord(m.id)
	if err != nil {
		return err
	}
	status, err := m.p.statuses(ctx)
	if err != nil {
		return err
	}
	switch stateName(status[r.Instance]) {
	case "running":
		return nil
	case "broken": // say, after a crash of the driver's machine
		if err := m.p.halt(ctx, r.Instance); err != nil {
			return err
		}
	}
	err = m.p.boot(ctx, bootOf(r, ""), func(ctx context.Context) error {
		root, err := m.admin(ctx)
		if err != nil {
			return err
		}
		return root.Close()
	})
	if err != nil {
		return err
	}
	return errors.Join(m.p.plug(ctx, r), m.p.integrate(ctx, m, r))
}

// Stop turns the machine off: its guest is asked first.
func (m *Machine) Stop(ctx context.Context) error {
	r, err := m.p.readRecord(m.id)
	if err == nil && m.p.on(r.Instance) {
		err = m.p.stop(ctx, r.Instance)
	}
	m.cut()
	if err != nil {
		return fmt.Errorf("stop %s: %w", m.id, err)
	}
	return nil
}

// Reboot restarts the guest and returns when a new boot answers. A guest that
// does not shut down, or hangs while it boots, is reset.
func (m *Machine) Reboot(ctx context.Context) error {
	if err := m.reboot(ctx); err != nil {
		return fmt.Errorf("reboot %s: %w", m.id, err)
	}
	return nil
}

func (m *Machine) reboot(ctx context.Context) error {
	r, err := m.p.readRecord(m.id)
	if err != nil {
		return err
	}
	if !m.p.on(r.Instance) {
		return m.start(ctx)
	}
	before, err := m.askReboot(ctx)
	if err != nil { // it does not answer: it is not asked
		if ctx.Err() != nil || !m.p.tool.settings.usesQEMU() {
			return err
		}
		if err := m.p.reset(ctx, r.Instance); err != nil {
			return err
		}
	}
	var errs []error
	for range bootTries {
		if err = m.awaitBoot(ctx, r, before); err == nil {
			return nil
		}
		errs = append(errs, err)
		if ctx.Err() != nil || !m.p.tool.settings.usesQEMU() {
			break
		}
		if err := m.p.reset(ctx, r.Instance); err != nil {
			return errors.Join(append(errs, err)...)
		}
	}
	return errors.Join(errs...)
}

// askReboot has the guest restart itself, and returns the ID of the boot that
// ends.
func (m *Machine) askReboot(ctx context.Context) (boot string, err error) {
	const askLimit = 20 * time.Second
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	root, err := m.admin(ctx)
	if err != nil {
		return "", err
	}
	defer func() { _ = root.Close() }()
	if boot, err = root.BootID(ctx); err != nil {
		return "", err
	}
	r, err := root.Exec(ctx, providers.Command{Argv: []string{"systemctl", "reboot"}, Limit: askLimit})
	switch {
	case errors.Is(err, providers.ErrLost):
		err = nil
	case err == nil && r.ExitStatus > 0:
		err = fmt.Errorf("systemctl reboot: exit status %d: %q", r.ExitStatus, bytes.TrimSpace(r.Stderr))
	}
	return boot, err
}

// awaitBoot waits until another boot than before answers.
func (m *Machine) awaitBoot(ctx context.Context, r record, before string) error {
	whole, silence := m.p.tool.settings.bootLimits()
	ctx, cancel := context.WithTimeoutCause(ctx, whole, fmt.Errorf("it does not answer within %s", whole))
	defer cancel()
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	go watchConsole(ctx, m.p.tool.dir(r.Instance), silence, fail)
	for {
		id, err := m.bootID(ctx)
		if err == nil && id != before {
			m.cut()
			return nil
		}
		if providers.Pause(ctx, bootPoll) != nil {
			return context.Cause(ctx)
		}
	}
}

func (m *Machine) bootID(ctx context.Context) (string, error) {
	root, err := m.admin(ctx)
	if err != nil {
		return "", err
	}
	defer func() { _ = root.Close() }()
	return root.BootID(ctx)
}

// Resize changes what the machine has from its next Start on.
func (m *Machine) Resize(ctx context.Context, l providers.Limits) error {
	if err := m.resize(ctx, l); err != nil {
		return fmt.Errorf("resize %s: %w", m.id, err)
	}
	return nil
}

func (m *Machine) resize(ctx context.Context, l providers.Limits) error {
	r, err := m.p.readRecord(m.id)
	if err != nil {
		return err
	}
	if l.VCPU < 0 || l.MemoryMiB < 0 || l.DiskMiB < 0 {
		return errors.New("a limit is not negative")
	}
	var set []string
	if l.VCPU != 0 {
		set = append(set, fmt.Sprintf(".cpus = %d", l.VCPU))
	}
	if l.MemoryMiB != 0 {
		set = append(set, fmt.Sprintf(`.memory = "%dMiB"`, l.MemoryMiB))
	}
	switch {
	case l.DiskMiB != 0 && l.DiskMiB < r.DiskMiB:
		return fmt.Errorf("its disk has %d MiB and cannot shrink", r.DiskMiB)
	case l.DiskMiB > r.DiskMiB:
		set = append(set, fmt.Sprintf(`.disk = "%dMiB"`, l.DiskMiB))
	}
	if len(set) == 0 {
		return nil
	}
	if m.p.on(r.Instance) {
		return errors.New("limactl changes only what is off: stop it first")
	}
	if _, err := m.p.tool.run(ctx, r.Instance, "edit", "--tty=false", r.Instance, "--set", strings.Join(set, " | ")); err != nil {
		return err
	}
	return m.p.changeRecord(m.id, func(r *record) {
		r.VCPU, r.MemoryMiB, r.DiskMiB = cmp.Or(l.VCPU, r.VCPU), cmp.Or(l.MemoryMiB, r.MemoryMiB), cmp.Or(l.DiskMiB, r.DiskMiB)
	})
}
