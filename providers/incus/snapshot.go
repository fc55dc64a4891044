package incus

import (
	"context"
	"errors"
	"fmt"
	"time"

	incus "github.com/lxc/incus/v6/client"
	"github.com/lxc/incus/v6/shared/api"

	"github.com/benchtest-dev/benchtest/providers"
)

// Snapshot keeps the machine's disk under a tag; one of that name before is
// replaced.
func (m *Machine) Snapshot(ctx context.Context, tag string) error {
	if err := m.DeleteSnapshot(ctx, tag); err != nil && !errors.Is(err, providers.ErrNotFound) {
		return fmt.Errorf("snapshot %s: %w", m.id, err)
	}
	if err := m.flush(ctx); err != nil {
		return fmt.Errorf("snapshot %s: flush its disk: %w", m.id, err)
	}
	err := m.p.server.run(ctx, func(c incus.InstanceServer) (incus.Operation, error) {
		return c.CreateInstanceSnapshot(m.id, api.InstanceSnapshotsPost{Name: tag})
	})
	if err != nil {
		return fmt.Errorf("snapshot %s: %w", m.id, err)
	}
	return nil
}

// Restore brings back what Snapshot kept: the disk, and the networks and
// limits of then. A machine that runs is started anew from it.
func (m *Machine) Restore(ctx context.Context, tag string) error {
	err := m.p.server.run(ctx, func(c incus.InstanceServer) (incus.Operation, error) {
		return c.UpdateInstance(m.id, api.InstancePut{Restore: tag}, "")
	})
	if err != nil {
		// Incus says that of a snapshot which is not there without a code.
		missing := m.p.server.do(ctx, func(c incus.InstanceServer) error {
			_, _, err := c.GetInstanceSnapshot(m.id, tag)
			return err
		})
		if errors.Is(missing, providers.ErrNotFound) {
			err = missing
		}
		return fmt.Errorf("restore %s: %w", m.id, err)
	}
	return nil
}

// Snapshots lists what is kept.
func (m *Machine) Snapshots(ctx context.Context) ([]providers.SnapshotInfo, error) {
	var all []api.InstanceSnapshot
	err := m.p.server.do(ctx, func(c incus.InstanceServer) (err error) {
		all, err = c.GetInstanceSnapshots(m.id)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list snapshots of %s: %w", m.id, err)
	}
	infos := make([]providers.SnapshotInfo, len(all))
	for i, s := range all {
		infos[i] = providers.SnapshotInfo{Tag: s.Name, Created: s.CreatedAt.UTC().Truncate(time.Millisecond), Bytes: max(s.Size, 0)}
	}
	return infos, nil
}

// DeleteSnapshot removes what is kept under the tag.
func (m *Machine) DeleteSnapshot(ctx context.Context, tag string) error {
	err := m.p.server.run(ctx, func(c incus.InstanceServer) (incus.Operation, error) {
		return c.DeleteInstanceSnapshot(m.id, tag)
	})
	if err != nil {
		return fmt.Errorf("delete snapshot %s of %s: %w", tag, m.id, err)
	}
	return nil
}
