package providertest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/benchtest-dev/benchtest/providers"
)

var (
	_ providers.Copier         = (*Fake)(nil)
	_ providers.Saver          = (*Fake)(nil)
	_ providers.Starter        = (*FakeMachine)(nil)
	_ providers.Resizer        = (*FakeMachine)(nil)
	_ providers.Remounter      = (*FakeMachine)(nil)
	_ providers.Snapshotter    = (*FakeMachine)(nil)
	_ providers.SnapshotKeeper = (*FakeMachine)(nil)
)

// Start boots a machine that is off.
func (m *FakeMachine) Start(context.Context) error {
	m.mu.Lock()
	gone, on := m.gone, m.up != nil
	m.off = false
	m.mu.Unlock()
	switch {
	case gone:
		return fmt.Errorf("start %s: %w", m.spec.ID, providers.ErrNotFound)
	case !on:
		m.boot()
	}
	return nil
}

// Stop is PowerOff that is meant.
func (m *FakeMachine) Stop(context.Context) error {
	m.mu.Lock()
	gone := m.gone
	m.off = true
	m.mu.Unlock()
	if gone {
		return fmt.Errorf("stop %s: %w", m.spec.ID, providers.ErrNotFound)
	}
	m.PowerOff()
	return nil
}

// Resize remembers the limits, which Spec shows.
func (m *FakeMachine) Resize(_ context.Context, l providers.Limits) error {
	if min(l.MemoryMiB, l.VCPU, l.DiskMiB) < 0 {
		return fmt.Errorf("resize %s: a negative limit", m.spec.ID)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	now := &m.spec.Limits
	now.MemoryMiB, now.VCPU, now.DiskMiB = cmp.Or(l.MemoryMiB, now.MemoryMiB), cmp.Or(l.VCPU, now.VCPU), cmp.Or(l.DiskMiB, now.DiskMiB)
	return nil
}

// Remount remembers the mounts, which Spec shows.
func (m *FakeMachine) Remount(_ context.Context, mounts []providers.Mount) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.spec.Mounts = mounts
	return nil
}

// Forwards are the template's; one without a Host has the guest's port there.
func (m *FakeMachine) Forwards(context.Context) ([]providers.Forward, error) {
	list := slices.Clone(m.Spec().Template.Lima.Forwards)
	for i, f := range list {
		list[i].Host = cmp.Or(f.Host, f.Guest)
	}
	return list, nil
}

// snapshots is where the machine's are; no machine has such a directory, since
// an ID has no dot.
func (m *FakeMachine) snapshots() string { return m.dir + ".snapshots" }

// Snapshot copies the machine's directory.
func (m *FakeMachine) Snapshot(_ context.Context, tag string) error {
	dir, err := m.snapshot(tag)
	if err != nil {
		return err
	}
	if isDir(dir) {
		return fmt.Errorf("snapshot %s: there is one called %s", m.spec.ID, tag)
	}
	return os.CopyFS(dir, os.DirFS(m.dir))
}

func (m *FakeMachine) snapshot(tag string) (dir string, err error) {
	if tag == "" || strings.ContainsAny(tag, "/.") {
		return "", fmt.Errorf("snapshot %s: %q is not a tag", m.spec.ID, tag)
	}
	return filepath.Join(m.snapshots(), tag), nil
}

// Restore puts a copy back and boots.
func (m *FakeMachine) Restore(_ context.Context, tag string) error {
	dir, err := m.snapshot(tag)
	if err != nil {
		return err
	}
	if !isDir(dir) {
		return fmt.Errorf("restore %s: snapshot %s: %w", m.spec.ID, tag, providers.ErrNotFound)
	}
	m.PowerOff()
	if err := errors.Join(os.RemoveAll(m.dir), os.CopyFS(m.dir, os.DirFS(dir))); err != nil {
		return err
	}
	m.boot()
	return nil
}

// Snapshots lists the copies.
func (m *FakeMachine) Snapshots(context.Context) ([]providers.SnapshotInfo, error) {
	entries, err := os.ReadDir(m.snapshots())
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	infos := make([]providers.SnapshotInfo, 0, len(entries))
	for _, e := range entries {
		info := providers.SnapshotInfo{Tag: e.Name()}
		if fi, err := e.Info(); err == nil {
			info.Created = fi.ModTime()
		}
		infos = append(infos, info)
	}
	slices.SortFunc(infos, func(a, b providers.SnapshotInfo) int {
		return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.Tag, b.Tag))
	})
	return infos, nil
}

// DeleteSnapshot removes a copy.
func (m *FakeMachine) DeleteSnapshot(_ context.Context, tag string) error {
	dir, err := m.snapshot(tag)
	if err != nil {
		return err
	}
	if !isDir(dir) {
		return fmt.Errorf("delete snapshot %s of %s: %w", tag, m.spec.ID, providers.ErrNotFound)
	}
	return os.RemoveAll(dir)
}

// Copy clones with the other machine's directory.
func (f *Fake) Copy(ctx context.Context, from providers.Machine, c providers.CloneSpec) (providers.Machine, error) {
	m, err := f.cloneOf(ctx, c, f.dirOf(from.ID()))
	if err != nil {
		return nil, fmt.Errorf("copy %s: %w", from.ID(), err)
	}
	return m.face(), nil
}

// Save stops the machine and makes its directory a template's content.
func (f *Fake) Save(ctx context.Context, from providers.Machine, as providers.Template) error {
	f.state.mu.Lock()
	m, taken := f.state.machines[from.ID()], f.state.templates[as.BuildName()] != nil
	f.state.mu.Unlock()
	switch {
	case m == nil:
		return fmt.Errorf("save %s: %w", from.ID(), providers.ErrNotFound)
	case taken:
		return fmt.Errorf("save %s: template %s is there", from.ID(), as.BuildName())
	}
	if err := m.Stop(ctx); err != nil {
		return err
	}
	content := f.dirOf("." + as.BuildName())
	if err := os.CopyFS(content, os.DirFS(m.dir)); err != nil {
		return fmt.Errorf("save %s: %w", from.ID(), err)
	}
	done := make(chan struct{})
	close(done)
	f.state.mu.Lock()
	defer f.state.mu.Unlock()
	f.state.templates[as.BuildName()] = &fakeBuild{done: done, created: time.Now(), content: content}
	return nil
}

// DeleteTemplate forgets one; its clones have copies.
func (f *Fake) DeleteTemplate(_ context.Context, buildName string) error {
	f.state.mu.Lock()
	b := f.state.templates[buildName]
	delete(f.state.templates, buildName)
	f.state.mu.Unlock()
	if b == nil || b.content == "" {
		return nil
	}
	return os.RemoveAll(b.content)
}
