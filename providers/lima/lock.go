package lima

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

type lockMode bool

const (
	shared    lockMode = false
	exclusive lockMode = true
)

// lockFile is where the lock called name is; it stays, since one that is
// removed while it is waited for locks nothing.
func (p *Provider) lockFile(name string) (string, error) {
	dir := filepath.Join(p.state, "locks")
	return filepath.Join(dir, name), os.MkdirAll(dir, 0o700)
}

// lockTemplate takes a template's lock: shared while it is copied, exclusive
// while it is built or deleted. limactl itself locks nothing. The caller calls
// unlock.
func (p *Provider) lockTemplate(ctx context.Context, name string, mode lockMode) (unlock func(), err error) {
	path, err := p.lockFile(name)
	if err != nil {
		return nil, fmt.Errorf("lock template: %w", err)
	}
	if unlock, err = lockPath(ctx, path, mode); err != nil {
		return nil, fmt.Errorf("lock template: %w", err)
	}
	return unlock, nil
}

// lockInstances takes the lock of all of limactl's home: shared while limactl
// looks at every instance, exclusive while one goes. The caller calls unlock.
func (p *Provider) lockInstances(ctx context.Context, mode lockMode) (unlock func(), err error) {
	if unlock, err = lockPath(ctx, filepath.Join(p.tool.settings.home, "_benchtest.lock"), mode); err != nil {
		return nil, fmt.Errorf("lock limactl's instances: %w", err)
	}
	return unlock, nil
}

func lockPath(ctx context.Context, path string, mode lockMode) (unlock func(), err error) {
	l := flock.New(path)
	try := l.TryRLockContext
	if mode == exclusive {
		try = l.TryLockContext
	}
	if _, err := try(ctx, 20*time.Millisecond); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return func() { _ = l.Close() }, nil
}

func (p *Provider) recordLock(id string) string { return filepath.Join(p.machines(), "."+id+".lock") }

// lockRecord is for a moment: to edit a record, or to destroy its machine.
func (p *Provider) lockRecord(id string) (unlock func(), err error) {
	l := flock.New(p.recordLock(id))
	if err := l.Lock(); err != nil {
		return nil, fmt.Errorf("lock machine: %w", err)
	}
	return func() { _ = l.Close() }, nil
}
