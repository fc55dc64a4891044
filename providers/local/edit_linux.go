package local

import (
	"context"
	"fmt"

	"github.com/benchtest-dev/benchtest/providers"
)

// Resize changes what the guest may use from its next start on. Its disk stays
// as it is.
func (m *Machine) Resize(ctx context.Context, l providers.Limits) error {
	switch {
	case min(l.MemoryMiB, l.VCPU, l.DiskMiB) < 0:
		return fmt.Errorf("resize %s: a limit is below zero", m.id)
	case l.DiskMiB != 0:
		return fmt.Errorf("resize %s: provider local cannot change the size of a disk: create another sandbox and copy", m.id)
	}
	err := m.edit(ctx, func(rec *record) {
		if l.MemoryMiB != 0 {
			rec.MemoryMiB = l.MemoryMiB
		}
		if l.VCPU != 0 {
			rec.VCPU = l.VCPU
		}
	})
	if err != nil {
		return fmt.Errorf("resize %s: %w", m.id, err)
	}
	return nil
}

// Remount changes what the guest sees of the host from its next start on.
func (m *Machine) Remount(ctx context.Context, mounts []providers.Mount) error {
	return m.remount(ctx, mounts, 0)
}

// remount is Remount for a client; see record.
func (m *Machine) remount(ctx context.Context, mounts []providers.Mount, client int) error {
	err := providers.CheckMounts(mounts)
	for _, share := range mounts {
		if err != nil {
			break
		}
		dir, _, openErr := openShare(share, client) // to be said now and not at the next start
		if err = openErr; err == nil {
			err = dir.Close()
		} else {
			err = fmt.Errorf("mount %s: %w", share.Host, err)
		}
	}
	if err == nil {
		err = m.edit(ctx, func(rec *record) { rec.Mounts, rec.Client = mounts, client })
	}
	if err != nil {
		return fmt.Errorf("remount %s: %w", m.id, err)
	}
	return nil
}

// edit changes the machine's record, which its next start reads.
func (m *Machine) edit(ctx context.Context, change func(*record)) error {
	if err := m.revive(ctx); err != nil {
		return err
	}
	unlock, err := m.lockPower(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	rec, err := readJSON[record](dirOf(m.id).record())
	if err != nil {
		return err
	}
	change(&rec)
	return m.write(rec)
}

// write replaces the machine's record, and the one that outlives the host's run
// where there is one.
func (m *Machine) write(rec record) error {
	if err := writeJSON(dirOf(m.id).record(), rec); err != nil {
		return err
	}
	if _, err := m.kept(); err == nil {
		return keep(rec)
	}
	return nil
}
