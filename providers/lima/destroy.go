package lima

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// destroyLimit bounds the clean-up of what failed or was cancelled.
const destroyLimit = time.Minute

// Destroy removes the machine: its processes, its instance, and its record
// last of all.
func (m *Machine) Destroy(ctx context.Context) error {
	m.cut()
	if err := m.p.destroyMachine(ctx, m.id); err != nil {
		return fmt.Errorf("destroy %s: %w", m.id, err)
	}
	return nil
}

func (p *Provider) destroyMachine(ctx context.Context, id string) error {
	if _, err := os.Stat(p.machines()); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	unlock, err := p.lockRecord(id)
	if err != nil {
		return err
	}
	defer unlock()
	defer func() { _ = os.Remove(p.recordLock(id)) }() // IDs do not come back
	if _, err := os.Stat(p.recordPath(id)); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := p.destroyInstance(ctx, instanceName(p.home, id)); err != nil {
		return err
	}
	return os.Remove(p.recordPath(id))
}
