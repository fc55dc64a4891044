package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/fixtures"
	"github.com/benchtest-dev/benchtest/fixtures/sandboxes"
	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/providertest"
)

// keep makes what a suite with -benchtest.keep leaves of one attempt's host.
func (b *bench) keep(host, outcome string, expires time.Time) {
	b.t.Helper()
	k, base := keeperOf(b.t, b), providers.Template{Name: "debian-base"}
	require.NoError(b.t, b.fake.Build(b.t.Context(), base))
	h, err := k.Make(b.t.Context(), sandboxes.Want{Template: base, Record: sandboxes.Record{
		Name: host, HostName: host, Kind: sandboxes.Kept, Provider: "fake", Scenario: "a/001-x", Run: "r1", Attempt: "a/001-x#1", Outcome: outcome, Expires: expires,
	}})
	require.NoError(b.t, err)
	_, err = k.Journal.Update(h.Record.ID, func(l *fixtures.Lease) { l.Kept, l.Expires = true, expires })
	require.NoError(b.t, err)
	h.Yield()
}

func TestSandbox_kept(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	assert.Contains(t, b.refused("ssh", "--last-failed"), "run with -benchtest.keep=failed")
	later := time.Now().Add(fixtures.KeptFor)
	b.keep("web1", "failed", later)
	b.keep("db1", "failed", later)
	b.keep("fine", "passed", later)
	assert.Equal(t, "web1\n", b.ok("ssh", "--last-failed", "--", "echo web1"))
	assert.Equal(t, "in\n", b.ok("ssh", "--last-failed", "db1", "--", "echo in"))
	assert.Contains(t, b.refused("ssh", "--last-failed", "fine", "--", "true"), `has no host "fine"`)

	// It is neither created nor prepared.
	assert.Contains(t, b.refused("delete", "web1"), "sandbox web1 was kept, and delete takes only what was created: it goes with benchtest sandbox purge")
	assert.Contains(t, b.refused("restore", "-s", "web1"), "sandbox web1 was kept, and restore takes only what was prepared: it goes with benchtest sandbox purge")
	assert.Contains(t, b.refused("reset", "web1"), "what a failed attempt left")
	assert.Contains(t, b.ok("purge"), "kept for you until "+later.Local().Format(time.DateTime))
	assert.Len(t, b.fake.Live(), 3)
}

// What has expired can be entered until somebody purges.
func TestSandbox_expired(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.keep("web1", "failed", time.Now().Add(-time.Minute))
	code, out, errs := b.run("ssh", "--last-failed", "--", "echo in")
	assert.Zero(t, code)
	assert.Equal(t, "in\n", out)
	assert.Contains(t, errs, "the time of web1 is over since")
	assert.Contains(t, b.ok("purge"), "1 removed, 0 in use, 0 left")
	assert.Empty(t, b.fake.Live())
	assert.Contains(t, b.refused("ssh", "--last-failed"), "no failed machine was kept")
}

// delete and restore end each its own, and nothing goes unless all may.
func TestSandbox_mixed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.createOne()
	b.keep("web1", "failed", time.Now().Add(time.Hour))
	b.refused("delete", "one", "web1")
	assert.Contains(t, b.refused("restore", "-s", "one"), "restore takes only what was prepared: benchtest sandbox delete one")
	assert.Contains(t, b.refused("delete", "one", "-m", "other"), "is on fake, not on other")
	assert.Len(t, b.fake.Live(), 2)
}

func TestSandbox_purgeOneProvider(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.other = providertest.NewFake(providertest.FakeOptions{Dir: t.TempDir()})
	b.createOne()
	b.ok("create", "-m", "other", "two")
	b.ok("purge", "--all", "-m", "other")
	assert.Empty(t, b.other.Live())
	assert.Len(t, b.fake.Live(), 1)
	assert.Contains(t, b.ok("list", "--json"), `"name": "one"`)
	assert.Equal(t, "[]\n", b.ok("list", "--json", "--mode", "other"))
	b.ok("purge-vms", "--all")
	assert.Empty(t, b.fake.Live())
}
