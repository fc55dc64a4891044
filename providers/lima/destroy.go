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

// destroyInstance removes an instance, however far it got and whoever works on
// it; one that is not there is nil.
func (p *Provider) destroyInstance(ctx context.Context, name string) error {
	dir := p.tool.dir(name)
	if err := killMarked(ctx, dir); err != nil {
		return fmt.Errorf("end its processes: %w", err)
	}
	if _, err := os.Lstat(dir); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	// limactl also forgets what it keeps of it elsewhere. It cannot read one that
	// is half made, and what matters is in the directory.
	_, lerr := p.tool.run(ctx, name, "delete", "--force", "--tty=false", name)
	if err := killMarked(ctx, dir); err != nil {
		return fmt.Errorf("end its processes: %w", err)
	}
	if err := os.RemoveAll(dir); err != nil {
		return errors.Join(lerr, err)
	}
	return nil
}
