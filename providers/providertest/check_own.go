package providertest

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/providers"
)

// The checks of lifecycle.go: what people do with sandboxes of their own.

// stateOf is how the provider calls the machine's state.
func stateOf(t *testing.T, p providers.Provider, id string) string {
	t.Helper()
	infos := listed(t, p, id)
	require.Len(t, infos, 1)
	return infos[0].State
}

// testPower: what is off answers nobody, says so, and comes back with its
// disk; it may be another process that starts it.
func (s *suite) testPower(t *testing.T) {
	s.need(t, "Start", s.Caps.Start)
	t.Parallel()
	m, sb := s.ready(t)
	on, ok := m.(providers.Starter)
	require.True(t, ok, "Caps.Start is set, and the machine is no Starter")
	require.NoError(t, on.Start(s.patience(t)), "start what runs")
	s.shell(t, sb, `echo kept >state; sync`)
	before, err := sb.BootID(t.Context())
	require.NoError(t, err)
	for range 2 {
		require.NoError(t, on.Stop(s.patience(t)))
	}
	p := s.New(t)
	assert.Equal(t, "stopped", stateOf(t, p, m.ID()))
	conn, err := m.Dial(s.patience(t))
	if err == nil {
		_ = conn.Close()
	}
	require.Error(t, err, "dial what is off")
	other, err := p.Open(t.Context(), m.ID())
	require.NoError(t, err)
	for range 2 {
		require.NoError(t, other.(providers.Starter).Start(s.patience(t)))
	}
	require.NoError(t, sb.WaitReady(s.patience(t)))
	assert.Equal(t, "running", stateOf(t, p, m.ID()))
	assert.Equal(t, "kept", s.output(t, sb, "cat", "state"))
	after, err := sb.BootID(t.Context())
	require.NoError(t, err)
	assert.NotEqual(t, before, after)

	require.NoError(t, on.Stop(s.patience(t)))
	require.NoError(t, m.Destroy(s.patience(t)), "destroy what is off")
	require.Error(t, on.Start(s.patience(t)), "start what is gone")
}

// testResize: other limits, and the machine is still what it was.
func (s *suite) testResize(t *testing.T) {
	s.need(t, "Resize", s.Caps.Resize && s.Caps.Start)
	t.Parallel()
	m, sb := s.ready(t)
	r, ok := m.(providers.Resizer)
	require.True(t, ok, "Caps.Resize is set, and the machine is no Resizer")
	s.shell(t, sb, `echo kept >state; sync`)
	require.Error(t, r.Resize(s.patience(t), providers.Limits{MemoryMiB: -1}))
	require.NoError(t, m.(providers.Starter).Stop(s.patience(t)))
	require.NoError(t, r.Resize(s.patience(t), providers.Limits{MemoryMiB: s.tmpl.MemoryMiB + 256}))
	require.NoError(t, r.Resize(s.patience(t), providers.Limits{}), "zero stays")
	require.NoError(t, m.(providers.Starter).Start(s.patience(t)))
	require.NoError(t, sb.WaitReady(s.patience(t)))
	assert.Equal(t, "kept", s.output(t, sb, "cat", "state"))
}

// testSnapshots: what was kept is listed, and goes once.
func (s *suite) testSnapshots(t *testing.T) {
	s.need(t, "Keeper", s.Caps.Keeper && s.Caps.Snapshot)
	t.Parallel()
	m, _ := s.ready(t)
	k, ok := m.(providers.SnapshotKeeper)
	require.True(t, ok, "Caps.Keeper is set, and the machine is no SnapshotKeeper")
	tags := func() []string {
		infos, err := k.Snapshots(s.patience(t))
		require.NoError(t, err)
		var tags []string
		for _, i := range infos {
			tags = append(tags, i.Tag)
		}
		return tags
	}
	assert.Empty(t, tags())
	for _, tag := range []string{"one", "two"} {
		require.NoError(t, m.(providers.Snapshotter).Snapshot(s.patience(t), tag))
	}
	assert.ElementsMatch(t, []string{"one", "two"}, tags())
	require.NoError(t, k.DeleteSnapshot(s.patience(t), "one"))
	require.ErrorIs(t, k.DeleteSnapshot(s.patience(t), "one"), providers.ErrNotFound)
	assert.Equal(t, []string{"two"}, tags())
	require.ErrorIs(t, m.(providers.Snapshotter).Restore(s.patience(t), "one"), providers.ErrNotFound)
}

// testCopy: a copy has what the machine has, and names and keys of its own.
func (s *suite) testCopy(t *testing.T) {
	s.need(t, "Copy", s.Caps.Copy)
	t.Parallel()
	p := s.New(t)
	c, ok := p.(providers.Copier)
	require.True(t, ok, "Caps.Copy is set, and the provider is no Copier")
	from, keys := s.clone(t, p, "web1")
	one := s.open(t, from, "web1", keys.Access("root"))
	require.NoError(t, one.WaitReady(s.patience(t)))
	s.shell(t, one, `echo mine >state; sync`)
	spec, own := s.spec(t, "web2")
	to, err := c.Copy(s.patience(t), from, spec)
	require.NoError(t, err)
	t.Cleanup(func() { s.destroy(t, to) })
	two := s.open(t, to, "web2", own.Access("root"))
	require.NoError(t, two.WaitReady(s.patience(t)))
	assert.Equal(t, "mine", s.output(t, two, "cat", "state"))
	s.lockedOut(t, to, keys)
	s.shell(t, two, `echo other >state`)
	if on, ok := from.(providers.Starter); ok { // a provider may stop it for the copy
		require.NoError(t, on.Start(s.patience(t)))
	}
	require.NoError(t, one.WaitReady(s.patience(t)))
	assert.Equal(t, "mine", s.output(t, one, "cat", "state"))

	taken, _ := s.spec(t, "web3")
	taken.ID = to.ID()
	_, err = c.Copy(s.patience(t), from, taken)
	require.Error(t, err, "an ID that is taken")
}

// lockedOut: a machine with other keys is not entered with these.
func (s *suite) lockedOut(t *testing.T, m providers.Machine, keys providers.KeyRing) {
	t.Helper()
	_, err := providers.Open(s.patience(t), m, "web1", keys.Access("root"), providers.SandboxOptions{ConnectLimit: 5 * time.Second})
	require.ErrorIs(t, err, providers.ErrHostKey)
}

// testSave: a template that was a machine makes clones that have what it had,
// but for its keys; the machine itself can be started again.
func (s *suite) testSave(t *testing.T) {
	s.need(t, "Save", s.Caps.Save)
	t.Parallel()
	p := s.New(t)
	saver, ok := p.(providers.Saver)
	require.True(t, ok, "Caps.Save is set, and the provider is no Saver")
	from, keys := s.clone(t, p, "web1")
	one := s.open(t, from, "web1", keys.Access("root"))
	require.NoError(t, one.WaitReady(s.patience(t)))
	s.shell(t, one, `echo saved >state; rm -f /root/.no-such-file; sync`)
	as := s.tmpl
	base := s.tmpl
	as.Name, as.Base = "saved-"+s.run, &base
	as.Digest = strings.Repeat("5a", 28) + s.tmpl.Digest[:8]
	t.Cleanup(func() { s.deleteTemplate(t, as) })
	require.NoError(t, saver.Save(s.patience(t), from, as))
	assert.Equal(t, "complete", stateOf(t, s.New(t), as.BuildName()))

	spec, own := s.spec(t, "web2")
	spec.Template = as
	to, err := p.Clone(s.patience(t), spec)
	require.NoError(t, err)
	two := s.open(t, to, "web2", own.Access("root"))
	require.NoError(t, two.WaitReady(s.patience(t)))
	assert.Equal(t, "saved", s.output(t, two, "cat", "state"))
	s.lockedOut(t, to, keys)
	s.destroy(t, to)

	if on, ok := from.(providers.Starter); ok {
		require.NoError(t, on.Start(s.patience(t)))
		require.NoError(t, one.WaitReady(s.patience(t)))
		assert.Equal(t, "saved", s.output(t, one, "cat", "state"))
	}
}

// deleteTemplate removes what a test saved, where the provider can.
func (s *suite) deleteTemplate(t *testing.T, tmpl providers.Template) {
	t.Helper()
	d, ok := s.New(t).(interface {
		DeleteTemplate(ctx context.Context, buildName string) error
	})
	if ok {
		assert.NoError(t, d.DeleteTemplate(context.WithoutCancel(t.Context()), tmpl.BuildName()))
	}
}

// testMounts: a directory of the driver is seen as it is, and written only
// where that was asked for; a provider that cannot do so refuses.
func (s *suite) testMounts(t *testing.T) {
	t.Parallel()
	p := s.New(t)
	spec, keys := s.spec(t, "web1")
	fixed, writable := t.TempDir(), t.TempDir()
	spec.Mounts = []providers.Mount{{Host: fixed}, {Host: writable, Guest: "/mnt/writable", Writable: true}}
	if !s.Caps.Mounts {
		m, err := p.Clone(s.patience(t), spec)
		if err == nil {
			s.destroy(t, m)
		}
		require.Error(t, err, "mounts that are not made")
		assert.Empty(t, listed(t, p, spec.ID))
		return
	}
	require.NoError(t, os.WriteFile(filepath.Join(fixed, "file"), []byte("theirs\n"), 0o644))
	require.NoError(t, os.Chmod(fixed, 0o755))
	require.NoError(t, os.Chmod(writable, 0o777))
	if os.Geteuid() == 0 { // whose directories a provider may refuse to have written
		require.NoError(t, os.Chown(writable, 1000, 1000))
	}
	m, err := p.Clone(s.patience(t), spec)
	require.NoError(t, err)
	t.Cleanup(func() { s.destroy(t, m) })
	sb := s.open(t, m, "web1", keys.Access("root"))
	require.NoError(t, sb.WaitReady(s.patience(t)))
	assert.Equal(t, "theirs", s.output(t, sb, "cat", filepath.Join(fixed, "file")))
	r, err := sb.Exec(t.Context(), providers.Command{Argv: []string{"touch", filepath.Join(fixed, "new")}, Limit: s.Patience})
	require.NoError(t, err)
	assert.NotZero(t, r.ExitStatus, "write where that was not asked for")
	s.shell(t, sb, `echo ours >/mnt/writable/file`)
	got, err := os.ReadFile(filepath.Join(writable, "file"))
	require.NoError(t, err)
	assert.Equal(t, "ours\n", string(got))
	if s.Caps.Remount {
		s.remount(t, m, sb, writable)
	}
}

// remount: mounts outlive the guest's being off, and others can take their place.
func (s *suite) remount(t *testing.T, m providers.Machine, sb *providers.Sandbox, dir string) {
	t.Helper()
	r, ok := m.(providers.Remounter)
	require.True(t, ok, "Caps.Remount is set, and the machine is no Remounter")
	again := func() {
		t.Helper()
		require.NoError(t, m.(providers.Starter).Stop(s.patience(t)))
		require.NoError(t, m.(providers.Starter).Start(s.patience(t)))
		require.NoError(t, sb.WaitReady(s.patience(t)))
	}
	again()
	assert.Equal(t, "ours", s.output(t, sb, "cat", "/mnt/writable/file"))
	require.Error(t, r.Remount(s.patience(t), []providers.Mount{{Host: filepath.Join(dir, "nosuch")}}))
	require.NoError(t, r.Remount(s.patience(t), []providers.Mount{{Host: dir, Guest: "/mnt/elsewhere"}}))
	again()
	assert.Equal(t, "ours", s.output(t, sb, "cat", "/mnt/elsewhere/file"))
	s.shell(t, sb, `! test -e /mnt/writable/file`)
	s.shell(t, sb, `! touch /mnt/elsewhere/file`)
	assert.FileExists(t, filepath.Join(dir, "file"), "it was unmounted, not emptied")
}
