package local

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// Sweep removes what dead processes left of templates that they were building
// or deleting, whatever still works on them included, and names them. A living
// process holds its template's lock: what it is at is left alone.
func (p *Provider) Sweep(ctx context.Context) (removed []string, err error) {
	names, err := readDir(p.templates())
	if err != nil {
		return nil, fmt.Errorf("sweep templates: %w", err)
	}
	var errs []error
	for _, name := range names {
		build, unfinished := strings.CutPrefix(name, stagingPrefix)
		if !unfinished {
			continue
		}
		swept, err := p.sweep(ctx, build)
		if err != nil {
			errs = append(errs, fmt.Errorf("sweep %s: %w", build, err))
		}
		if swept {
			removed = append(removed, build)
		}
	}
	return removed, errors.Join(errs...)
}

func (p *Provider) sweep(ctx context.Context, buildName string) (swept bool, err error) {
	lock := flock.New(filepath.Join(p.templates(), "."+buildName+".lock"))
	defer func() { _ = lock.Close() }()
	// A process that has just died may have a child that was not yet another
	// program, with a copy of its lock.
	brief, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	if _, err := lock.TryLockContext(brief, 5*time.Millisecond); err != nil {
		return false, nil //nolint:nilerr // it has a living owner
	}
	return true, p.removeStaging(ctx, buildName)
}
