package host

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/providers"
)

const inventory = `hosts:
  - {host_id: 17, host_name: web1, address: 127.0.0.1, port: 2201, key: k, network: none, templates: [debian-nginx]}
  - {host_name: alias, address: 127.0.0.1, port: 2201, key: k, network: none}
  - {host_name: any1, address: 127.0.0.1, port: 2202, key: k, network: none, templates: [debian-base, debian-nginx]}
  - {host_name: any2, address: 127.0.0.1, port: 2203, key: k, network: none, templates: [debian-base]}
  - {host_name: out, address: 127.0.0.1, port: 2204, key: k, templates: [debian-open]}
`

// of makes a provider of that inventory; nobody is asked anything. Providers
// with the same home are as several processes.
func of(t *testing.T, home string) *Provider {
	t.Helper()
	file := filepath.Join(home, "hosts.yaml")
	require.NoError(t, os.WriteFile(file, []byte(inventory), 0o600))
	p, err := New(providers.Options{Home: home, Inventory: file})
	require.NoError(t, err)
	return p.(*Provider)
}

func want(attempt, name, id, template string) providers.CloneSpec {
	return providers.CloneSpec{Attempt: attempt, HostName: name, HostID: id, Template: providers.Template{Name: template}}
}

func TestCandidates(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		spec  providers.CloneSpec
		names string
		err   string
	}{
		{"host_id wins", want("", "any1", "17", "debian-base"), "web1", ""},
		{"no such host_id", want("", "web1", "18", ""), "", `no host of the inventory has the host_id "18"`},
		{"host_name", want("", "any2", "", "debian-base"), "any2", ""},
		{"host_name without a template", want("", "web1", "", ""), "web1", ""},
		{"host_name, and any template where it lists none", want("", "alias", "", "debian-base"), "alias", ""},
		{"host_name with another template", want("", "web1", "", "debian-base"), "", "hosts.yaml:2:5) lists the templates debian-nginx, and the scenario's web1 wants debian-base"},
		{"template", want("", "db1", "", "debian-base"), "any1, any2", ""},
		{"no such template", want("", "db1", "", "debian-k3s"), "", `no host of the inventory is called "db1" or lists the template "debian-k3s"`},
		{"neither", want("", "db1", "", ""), "", `no host of the inventory is called "db1"`},
		{"another network", want("", "db1", "", "debian-open"), "", "host out ("},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p := of(t, t.TempDir())
			got, err := p.desk.candidates(t.Context(), tc.spec)
			if tc.err != "" {
				require.ErrorContains(t, err, tc.err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, tc.names, entryNames(got))
		})
	}
}

// TestCandidates_network: none and open are kept apart, both ways.
func TestCandidates_network(t *testing.T) {
	t.Parallel()
	p := of(t, t.TempDir())
	spec := want("", "out", "", "debian-open")
	_, err := p.desk.candidates(t.Context(), spec)
	require.ErrorContains(t, err, "has network: open, and the scenario wants none, which nobody can enforce on a host: say network: none in one of the two")
	spec.Network = providers.NetworkOpen
	_, err = p.desk.candidates(t.Context(), spec)
	require.NoError(t, err)
	_, err = p.desk.candidates(t.Context(), providers.CloneSpec{HostName: "any1", Network: providers.NetworkOpen})
	require.ErrorContains(t, err, "has network: none, and the scenario wants open")
}

// soon bounds a wait for a host that comes, or does not.
func soon(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// TestBorrow_aliases: two names of one address are one host, for this process
// and for others.
func TestBorrow_aliases(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	p, other := of(t, home), of(t, home)
	back, err := p.Borrow(t.Context(), []providers.CloneSpec{want("a/b/i1", "web1", "", "")})
	require.NoError(t, err)
	for _, q := range []*Provider{p, other} {
		_, err = q.Borrow(soon(t, 300*time.Millisecond), []providers.CloneSpec{want("a/b/i2", "alias", "", "")})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorContains(t, err, "wait for a free host (for alias: alias)")
	}
	back()
	back2, err := other.Borrow(soon(t, 5*time.Second), []providers.CloneSpec{want("a/b/i2", "alias", "", "")})
	require.NoError(t, err)
	back2()
}

// TestBorrow_matching: a host that one need can do without goes to the need
// that cannot.
func TestBorrow_matching(t *testing.T) {
	t.Parallel()
	p := of(t, t.TempDir())
	specs := []providers.CloneSpec{want("a/b/i1", "x", "", "debian-base"), want("a/b/i1", "y", "", "debian-base"), want("a/b/i1", "any3", "", "debian-nginx")}
	back, err := p.Borrow(soon(t, 5*time.Second), specs)
	require.NoError(t, err)
	got := map[string]string{}
	for _, c := range p.desk.waiting {
		got[c.as] = c.entry.Name
	}
	assert.Equal(t, "web1", got["any3"])
	assert.ElementsMatch(t, []string{"any1", "any2"}, []string{got["x"], got["y"]})
	back()
}

// TestBorrow_oldestFirst: who wants two is not passed by for ever by those who
// want one.
func TestBorrow_oldestFirst(t *testing.T) {
	t.Parallel()
	p := of(t, t.TempDir())
	first, err := p.Borrow(t.Context(), []providers.CloneSpec{want("a/b/i1", "any1", "", "")})
	require.NoError(t, err)
	both := make(chan func(), 1)
	go func() {
		back, err := p.Borrow(t.Context(), []providers.CloneSpec{want("a/c/i1", "any1", "", ""), want("a/c/i1", "any2", "", "")})
		assert.NoError(t, err)
		both <- back
	}()
	require.Eventually(t, func() bool {
		p.desk.mu.Lock()
		defer p.desk.mu.Unlock()
		return len(p.desk.waiters) == 1
	}, 5*time.Second, time.Millisecond)
	_, err = p.Borrow(soon(t, 300*time.Millisecond), []providers.CloneSpec{want("a/d/i1", "any2", "", "")})
	require.ErrorIs(t, err, context.DeadlineExceeded, "any2 is free, and set aside for the older one")
	first()
	select {
	case back := <-both:
		back()
	case <-soon(t, 5*time.Second).Done():
		t.Fatal("the older one did not get its hosts")
	}
}

// TestQuarantine_aliases: a name does not lead around a quarantine, nor does a wait.
func TestQuarantine_aliases(t *testing.T) {
	t.Parallel()
	p := of(t, t.TempDir())
	back, err := p.Borrow(t.Context(), []providers.CloneSpec{want("a/b/i1", "web1", "", "")})
	require.NoError(t, err)
	waits := make(chan error, 1)
	go func() {
		_, err := p.Borrow(t.Context(), []providers.CloneSpec{want("a/b/i2", "alias", "", "")})
		waits <- err
	}()
	p.desk.quarantine(p.desk.waiting[0].keys, os.ErrDeadlineExceeded)
	require.ErrorIs(t, <-waits, os.ErrDeadlineExceeded)
	back()
	_, err = p.Borrow(t.Context(), []providers.CloneSpec{want("a/b/i3", "web1", "", "")})
	require.ErrorContains(t, err, "host web1 is quarantined for the rest of this run")
	other, err := p.Borrow(soon(t, 5*time.Second), []providers.CloneSpec{want("a/b/i4", "z", "", "debian-nginx")})
	require.NoError(t, err, "another one that does stands in")
	other()
}
