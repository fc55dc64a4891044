package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
	"golang.org/x/sys/unix"
)

type lockMode bool

const (
	shared    lockMode = false
	exclusive lockMode = true
)

// lockTemplate takes a template's lock: shared while a clone of it is made,
// exclusive while it is built or deleted. The caller calls unlock.
func (p *Provider) lockTemplate(ctx context.Context, name string, mode lockMode) (unlock func(), err error) {
	dir := p.templates()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("lock template: %w", err)
	}
	l := flock.New(filepath.Join(dir, "."+name+".lock"))
	try := l.TryRLockContext
	if mode == exclusive {
		try = l.TryLockContext
	}
	if _, err := try(ctx, 20*time.Millisecond); err != nil {
		return nil, fmt.Errorf("lock template: %w", errors.Join(err, l.Close()))
	}
	return func() { _ = l.Close() }, nil
}

// lockDir locks a directory against others who do the same; one that is not
// there needs no lock. It is removed while it is locked, so no file in it
// could be the lock.
func lockDir(path string) (unlock func(), err error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return func() {}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX); err != nil {
		return nil, fmt.Errorf("lock %s: %w", path, errors.Join(err, f.Close()))
	}
	return func() { _ = f.Close() }, nil
}
