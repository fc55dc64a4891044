package providertest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/providers"
)

// testBuild: several builders at once end with one template, and a further
// Build has nothing to do.
func (s *suite) testBuild(t *testing.T) {
	var builders sync.WaitGroup
	for range 3 {
		p := s.New(t)
		builders.Go(func() { assert.NoError(t, p.Build(t.Context(), s.tmpl)) })
	}
	builders.Wait()
	p := s.New(t)
	before := listed(t, p, s.tmpl.BuildName())
	if s.Caps.Lend {
		assert.Empty(t, before, "nothing is built where machines are lent")
		return
	}
	require.Len(t, before, 1)
	assert.Equal(t, providers.KindTemplate, before[0].Kind)
	assert.Equal(t, "complete", before[0].State)
	began := time.Now()
	require.NoError(t, p.Build(t.Context(), s.tmpl))
	assert.Less(t, time.Since(began), 10*time.Second, "a template that is there is not built")
	assert.Equal(t, before[0].Created, listed(t, p, s.tmpl.BuildName())[0].Created)
}

// testNothingLeft: no machine of this run is known any more.
func (s *suite) testNothingLeft(t *testing.T) {
	p := s.New(t)
	for _, id := range s.ids {
		assert.Empty(t, listed(t, p, id))
		_, err := p.Open(t.Context(), id)
		assert.ErrorIs(t, err, providers.ErrNotFound, id)
	}
}

// testOpen: another Provider value finds the machine by its ID, reaches it
// and destroys it.
func (s *suite) testOpen(t *testing.T) {
	t.Parallel()
	mine, keys := s.clone(t, s.New(t), "web1")
	other := s.New(t)
	m, err := other.Open(t.Context(), mine.ID())
	require.NoError(t, err)
	assert.Equal(t, mine.ID(), m.ID())
	sb := s.open(t, m, "web1", providers.AccessTo(m, keys, "root"))
	s.output(t, sb, "true")
	require.NoError(t, m.Destroy(s.patience(t)))
	_, err = mine.Dial(t.Context())
	require.Error(t, err, "dial a machine that another value destroyed")
	_, err = other.Open(t.Context(), s.newID())
	require.ErrorIs(t, err, providers.ErrNotFound)
}

// testDestroy: what is destroyed is gone for everybody, and again is nil.
func (s *suite) testDestroy(t *testing.T) {
	t.Parallel()
	p := s.New(t)
	m, keys := s.clone(t, p, "web1")
	second, err := s.New(t).Open(t.Context(), m.ID())
	require.NoError(t, err)
	sb := s.open(t, m, "web1", providers.AccessTo(m, keys, "root"))
	s.output(t, sb, "true")
	var destroyers sync.WaitGroup
	for _, m := range []providers.Machine{m, second, m} {
		destroyers.Go(func() { assert.NoError(t, m.Destroy(s.patience(t))) })
	}
	destroyers.Wait()
	require.NoError(t, m.Destroy(t.Context()))
	assert.Empty(t, listed(t, p, m.ID()))
	_, err = p.Open(t.Context(), m.ID())
	require.ErrorIs(t, err, providers.ErrNotFound)
	_, err = sb.Exec(s.patience(t), providers.Command{Argv: []string{"true"}, Limit: 2 * time.Second})
	require.Error(t, err, "a destroyed machine runs nothing")
}

// testRefused: what cannot be cloned is an error and leaves nothing.
func (s *suite) testRefused(t *testing.T) {
	t.Parallel()
	p := s.New(t)
	for name, id := range map[string]string{
		"empty": "", "capitals": "Benchtest-1", "a path": "../benchtest", "a slash": "benchtest/1",
		"a space": "benchtest 1", "not ours": "web1", "a newline": "benchtest\n", "an option": "-benchtest",
		"too long": "benchtest-" + fmt.Sprintf("%040d", 0),
	} {
		spec, _ := s.spec(t, "web1")
		spec.ID = id
		m, err := p.Clone(s.patience(t), spec)
		if assert.Error(t, err, "an ID that is %s", name) {
			assert.Empty(t, listed(t, p, id))
		} else {
			s.destroy(t, m)
		}
	}
	spec, _ := s.spec(t, "web1")
	if !s.Caps.Lend { // there the template is a word for what the machine has
		spec.Template.Digest = "00000000" + s.tmpl.Digest
	}
	spec.Template.Name += "-unheard-of"
	_, err := p.Clone(s.patience(t), spec)
	require.Error(t, err, "a template that is not built")
	assert.Empty(t, listed(t, p, spec.ID))

	m, keys := s.clone(t, p, "web1")
	spec.ID, spec.Template = m.ID(), s.tmpl
	_, err = s.New(t).Clone(s.patience(t), spec)
	require.Error(t, err, "an ID that is taken")
	s.output(t, s.open(t, m, "web1", providers.AccessTo(m, keys, "root")), "true")
}

// testCancelled: a clone that is cancelled half-way is a machine or nothing.
func (s *suite) testCancelled(t *testing.T) {
	t.Parallel()
	p := s.New(t)
	began := time.Now()
	whole, _ := s.clone(t, p, "web1")
	takes := time.Since(began)
	s.destroy(t, whole)
	for _, share := range []time.Duration{0, 10, 25, 50, 75, 95} {
		spec, _ := s.spec(t, "web1")
		ctx, cancel := context.WithTimeout(t.Context(), takes*share/100)
		m, err := p.Clone(ctx, spec)
		cancel()
		if err == nil {
			s.destroy(t, m)
			continue
		}
		assert.Empty(t, listed(t, p, spec.ID), "left by a clone cancelled at %d %%", share)
		_, err = p.Open(t.Context(), spec.ID)
		require.ErrorIs(t, err, providers.ErrNotFound)
	}
}

// testList: a clone is listed as what it is.
func (s *suite) testList(t *testing.T) {
	t.Parallel()
	p := s.New(t)
	m, _ := s.clone(t, p, "web1")
	infos := listed(t, s.New(t), m.ID())
	require.Len(t, infos, 1)
	info := infos[0]
	assert.Equal(t, providers.KindClone, info.Kind)
	assert.Equal(t, s.run, info.Run)
	assert.Equal(t, "running", info.State)
	assert.NotEmpty(t, info.Provider)
	assert.Contains(t, info.Template, s.tmpl.Name)
	assert.WithinDuration(t, time.Now(), info.Created, 5*time.Minute)
}

// testApart: neither files nor processes of one machine are the other's.
func (s *suite) testApart(t *testing.T) {
	t.Parallel()
	_, one := s.ready(t)
	_, two := s.ready(t)
	s.shell(t, one, `echo one >mine`)
	s.shell(t, two, `[ ! -e mine ] && echo two >mine`)
	assert.Equal(t, "one", s.output(t, one, "cat", "mine"))
	assert.Equal(t, "two", s.output(t, two, "cat", "mine"))
}

// testSnapshot: Restore brings back what Snapshot saw, over connections that
// it cuts.
func (s *suite) testSnapshot(t *testing.T) {
	s.need(t, "Snapshot", s.Caps.Snapshot)
	t.Parallel()
	m, sb := s.ready(t)
	snap, ok := m.(providers.Snapshotter)
	require.True(t, ok, "Caps.Snapshot is set, and the machine is no Snapshotter")
	s.shell(t, sb, `echo before >state; sync`)
	require.NoError(t, snap.Snapshot(s.patience(t), "clean"))
	s.shell(t, sb, `echo after >state; sync`)
	require.NoError(t, snap.Restore(s.patience(t), "clean"))
	assert.Eventually(t, func() bool {
		r, err := sb.Exec(t.Context(), providers.Command{Argv: []string{"cat", "state"}, Limit: 5 * time.Second})
		return err == nil && string(r.Stdout) == "before\n"
	}, s.Patience, 50*time.Millisecond)
}

// testLimits: every limit is enforced, or it is said why not.
func (s *suite) testLimits(t *testing.T) {
	s.need(t, "Limits", s.Caps.Limits)
	t.Parallel()
	m, _ := s.clone(t, s.New(t), "web1")
	r, ok := m.(providers.LimitReporter)
	require.True(t, ok, "Caps.Limits is set, and the machine is no LimitReporter")
	e := r.Enforced()
	if !e.Memory || !e.CPU || !e.Disk || !e.Pids {
		assert.NotEmpty(t, e.Reason, "a limit that is not enforced: %+v", e)
	}
	again, err := s.New(t).Open(t.Context(), m.ID())
	require.NoError(t, err)
	assert.Equal(t, e, again.(providers.LimitReporter).Enforced(), "as another process sees it")
}
