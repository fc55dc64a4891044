package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"github.com/benchtest-dev/benchtest/providers"
)

// destroyLimit bounds the clean-up of what failed or was cancelled.
const destroyLimit = 30 * time.Second

// A Machine is one clone. It holds nothing open: everything is read from the
// machine's directory, so any number of processes may have the same machine.
type Machine struct {
	id   string
	home string
}

// ID returns the machine's ID.
func (m *Machine) ID() string { return m.id }

// Open finds a machine by its ID, whoever made it and however far it got.
func (p *Provider) Open(_ context.Context, id string) (providers.Machine, error) {
	m, err := p.open(id)
	if err != nil {
		return nil, err
	}
	if err := p.present(id); err != nil {
		return nil, err
	}
	return m, nil
}

// open is Open for machines that may be gone, which those that someone still
// holds may be.
func (p *Provider) open(id string) (*Machine, error) {
	if err := checkID(id); err != nil {
		return nil, fmt.Errorf("open machine: %w", err)
	}
	return &Machine{id: id, home: p.home}, nil
}

// present is nil when anything of the machine is there.
func (p *Provider) present(id string) error {
	if !exists(string(dirOf(id))) && !exists(string(nascent(id))) && !exists(filepath.Dir(p.diskImage(id))) {
		return fmt.Errorf("open machine %s: %w", id, providers.ErrNotFound)
	}
	return nil
}

// Enforced says which of the machine's limits hold.
func (m *Machine) Enforced() providers.Enforced {
	rec, err := readJSON[record](dirOf(m.id).record())
	if err != nil {
		return providers.Enforced{Reason: "the machine is gone"}
	}
	return rec.Enforced
}

// running returns the guest's init, or why it is not running.
func (m *Machine) running() (process, error) {
	st, err := readJSON[state](dirOf(m.id).state())
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return process{}, fmt.Errorf("machine %s: %w", m.id, providers.ErrNotFound)
	case err != nil:
		return process{}, err
	case st.Off != "":
		return process{}, fmt.Errorf("machine %s is off: %s", m.id, st.Off)
	case !st.Init.alive():
		return process{}, fmt.Errorf("machine %s is off: %w", m.id, errGone)
	}
	return st.Init, nil
}

// Reboot restarts the guest and returns when its init runs again. A guest that
// does not shut down in rebootLimit is killed first, one that is off is
// switched on.
func (m *Machine) Reboot(ctx context.Context) error {
	if err := m.reboot(ctx); err != nil {
		return fmt.Errorf("reboot %s: %w", m.id, err)
	}
	return nil
}

func (m *Machine) reboot(ctx context.Context) error {
	const rebootLimit = 20 * time.Second
	st, err := readJSON[state](dirOf(m.id).state())
	if err != nil {
		return err
	}
	switch st.Off {
	case "":
	case offStarting, offRebooting:
		return m.awaitBoot(ctx, st.Boots+1)
	default:
		// Its monitor is at the end of its work or has ended.
		if err := st.Monitor.wait(ctx); err != nil {
			return err
		}
		rec, err := readJSON[record](dirOf(m.id).record())
		if err != nil {
			return err
		}
		hs, err := hostHierarchies()
		if err != nil {
			return err
		}
		return startMonitor(ctx, m.id, cgroupOf(hs, rec.Run, rec.ID))
	}
	// What systemd as PID 1 takes for "start reboot.target": SIGRTMIN+5.
	const startReboot = unix.Signal(34 + 5)
	_ = st.Init.signal(startReboot)
	gentle, cancel := context.WithTimeout(ctx, rebootLimit)
	defer cancel()
	if m.awaitBoot(gentle, st.Boots+1) == nil {
		return nil
	}
	if err := st.Monitor.signal(restartSignal); err != nil {
		return fmt.Errorf("its monitor: %w", err)
	}
	return m.awaitBoot(ctx, st.Boots+1)
}

// awaitBoot returns when the guest has been started n times.
func (m *Machine) awaitBoot(ctx context.Context, n int) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		st, err := readJSON[state](dirOf(m.id).state())
		switch {
		case err != nil:
			return err
		case st.Boots >= n && st.Off == "":
			return nil
		case !st.Monitor.alive():
			return fmt.Errorf("machine is off: %s", st.Off)
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}
