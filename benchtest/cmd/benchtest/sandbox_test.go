package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/fixtures"
	"github.com/benchtest-dev/benchtest/fixtures/sandboxes"
	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/providertest"
)

// A bench runs commands in this process on machines of the fake, which does
// all that lifecycle.go names. The provider's conformance suite is the same.
type bench struct {
	t     *testing.T
	fake  *providertest.Fake
	other *providertest.Fake // of a second provider; nil: there is none
	home  string
	vars  map[string]string
}

func newBench(t *testing.T) *bench {
	t.Helper()
	return &bench{
		t: t, home: t.TempDir(), vars: map[string]string{},
		fake: providertest.NewFake(providertest.FakeOptions{Dir: t.TempDir(), Mounts: true}),
	}
}

// run runs one command as a process of its own would.
func (b *bench) run(args ...string) (code int, stdout, stderr string) {
	b.t.Helper()
	var out, errs bytes.Buffer
	r := &providers.Registry{}
	r.Register("fake", func(providers.Options) (providers.Provider, error) { return b.fake.Again(), nil })
	if b.other != nil {
		r.Register("other", func(providers.Options) (providers.Provider, error) { return b.other.Again(), nil })
	}
	e := &env{stdin: strings.NewReader(""), stdout: &out, stderr: &errs, providers: r, lookup: func(name string) (string, bool) {
		if name == "BENCHTEST_HOME" {
			return b.home, true
		}
		v, ok := b.vars[name]
		return v, ok
	}}
	code = e.run(b.t.Context(), append([]string{"sandbox"}, args...))
	return code, out.String(), errs.String()
}

// ok runs a command that must succeed.
func (b *bench) ok(args ...string) string {
	b.t.Helper()
	code, out, errs := b.run(args...)
	require.Zero(b.t, code, "%v: %s%s", args, out, errs)
	return out
}

// refused runs a command that is bad usage, and returns what it said.
func (b *bench) refused(args ...string) string {
	b.t.Helper()
	code, out, errs := b.run(args...)
	require.Equal(b.t, exitUsage, code, "%v: %s%s", args, out, errs)
	return errs
}

func (b *bench) createOne(flags ...string) {
	b.t.Helper()
	b.ok(append([]string{"create", "-m", "fake", "--template", "debian-base", "-n", "one"}, flags...)...)
}

// machine is the fake's own idea of a sandbox's machine.
func (b *bench) machine(name string) *providertest.FakeMachine {
	b.t.Helper()
	for _, m := range b.fake.Live() {
		if m.Spec().HostName == name {
			return m
		}
	}
	b.t.Fatalf("there is no machine %s", name)
	return nil
}

func TestSandbox_snapshots(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.createOne()
	file := filepath.Join(b.machine("one").Dir(), "file")
	require.NoError(t, os.WriteFile(file, []byte("before"), 0o600))
	b.ok("snapshot", "create", "one", "clean")
	b.ok("snapshot", "create", "one", "--tag", "second")
	require.NoError(t, os.WriteFile(file, []byte("after"), 0o600))
	assert.Contains(t, b.ok("snapshot", "list", "one"), "clean")
	b.ok("snapshot", "apply", "one", "clean")
	got, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, "before", string(got))
	b.ok("snapshot", "delete", "one", "clean")
	assert.Contains(t, b.refused("snapshot", "apply", "one", "clean"), "has no snapshot clean")
	assert.Contains(t, b.refused("snapshot", "delete", "one", "clean"), "has no snapshot clean")
	assert.Contains(t, b.ok("snapshot", "list", "one", "--json"), `"tag": "second"`)
	b.refused("snapshot", "create", "one")
}

func TestSandbox_clone(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	dir, other := t.TempDir(), t.TempDir()
	b.createOne("--cpus", "2", "--memory", "1.5", "--mount-only", dir+":w")
	assert.Equal(t, providers.Limits{VCPU: 2, MemoryMiB: 1536}, b.machine("one").Spec().Limits)
	assert.Equal(t, []providers.Mount{{Host: dir, Writable: true}}, b.machine("one").Spec().Mounts)
	require.NoError(t, os.WriteFile(filepath.Join(b.machine("one").Dir(), "file"), []byte("mine"), 0o600))
	b.ok("clone", "one", "two", "--memory", "2")
	assert.Equal(t, providers.Limits{VCPU: 2, MemoryMiB: 2048}, b.machine("two").Spec().Limits)
	assert.Equal(t, []providers.Mount{{Host: dir, Writable: true}}, b.machine("two").Spec().Mounts, "as the other's")
	b.ok("clone", "one", "three", "--mount-only", other)
	assert.Equal(t, []providers.Mount{{Host: other}}, b.machine("three").Spec().Mounts)
	b.ok("clone", "one", "four", "--mount-none")
	assert.Empty(t, b.machine("four").Spec().Mounts)
	assert.Equal(t, "mine", b.ok("ssh", "two", "--", "cat file"))
	assert.Contains(t, b.refused("clone", "one", "two"), "is there already")
	b.ok("delete", "one", "two", "three", "four")
	assert.Empty(t, b.fake.Live())
}

func TestSandbox_forwards(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "templates", "web"), 0o755))
	text := "base: debian-base\nlima: {mode: integrated, forwards: [{guest: 8080, host: 18080}]}\n"
	require.NoError(t, os.WriteFile(filepath.Join(dir, "templates", "web", "template.yaml"), []byte(text), 0o600))
	assert.Contains(t, b.ok("create", "-m", "fake", "-p", dir, "--template", "web", "-n", "one"), "\nPort 8080:    127.0.0.1:18080\n")
	b.ok("stop", "one")
	assert.Equal(t, "one runs\nPort 8080:    127.0.0.1:18080\n", b.ok("start", "one"))
}

func TestTemplateMounts(t *testing.T) {
	t.Parallel()
	theirs := []providers.Mount{{Host: "/srv"}}
	tmpl := providers.Template{Lima: providers.LimaOptions{Mode: providers.LimaIntegrated, Mounts: theirs}}
	none, own := shape{mountNone: true}, shape{mountOnly: mountList{{Host: "/own"}}}
	assert.Equal(t, theirs, (&shape{}).mounts(templateMounts("lima", tmpl)))
	assert.Nil(t, (&shape{}).mounts(templateMounts("local", tmpl)))
	assert.Equal(t, []providers.Mount{}, none.mounts(templateMounts("lima", tmpl)), "nothing, which nil does not say")
	assert.Equal(t, []providers.Mount{{Host: "/own"}}, own.mounts(templateMounts("lima", tmpl)))
}

func TestSandbox_edit(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	dir := t.TempDir()
	b.createOne("--mount-only", dir)
	b.ok("edit", "one", "--memory", "3", "--mount-only", dir)
	assert.Equal(t, 3072, b.machine("one").Spec().Limits.MemoryMiB)
	b.ok("edit", "one", "--mount-none")
	assert.Empty(t, b.machine("one").Spec().Mounts)
	b.ok("edit", "one", "--mount-only", dir+":w")
	assert.Equal(t, []providers.Mount{{Host: dir, Writable: true}}, b.machine("one").Spec().Mounts)
	for _, bad := range [][]string{{"--cpus", "-1"}, {"--memory", "-1"}, {"--memory", "1200"}, {"--memory", "x"}, {"--mount-only", "/"}, {}} {
		b.refused(append([]string{"edit", "one"}, bad...)...)
	}
}

func TestSandbox_reset(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.createOne()
	before := b.machine("one")
	require.NoError(t, os.WriteFile(filepath.Join(before.Dir(), "file"), nil, 0o600))
	b.ok("reset", "one")
	after := b.machine("one")
	assert.Equal(t, before.ID(), after.ID(), "who knows it by its ID still does")
	assert.Equal(t, before.Spec().Keys, after.Spec().Keys)
	assert.NoFileExists(t, filepath.Join(after.Dir(), "file"))

	require.NoError(t, after.Destroy(t.Context())) // by somebody else
	assert.Contains(t, b.refused("ssh", "one", "--", "true"), "is gone")
	code, _, errs := b.run("start", "one")
	assert.Equal(t, exitFindings, code)
	assert.Contains(t, errs, "benchtest sandbox reset one makes it anew")
	b.ok("reset", "one")
	b.ok("ssh", "one", "--", "true")
}

// What a living process is at is left alone, and waited for no longer than one
// who asks has patience.
func TestSandbox_held(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.createOne()
	j, err := fixtures.OpenJournal(b.home)
	require.NoError(t, err)
	_, err = j.Seize(b.machine("one").ID())
	require.NoError(t, err)
	assert.Contains(t, b.ok("purge", "--all"), "0 removed, 1 in use")
	assert.Equal(t, "in\n", b.ok("ssh", "one", "--", "echo in"), "who only looks is not in the way")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	k := keeperOf(t, b)
	r, err := k.Store.Find("one")
	require.NoError(t, err)
	_, err = k.Take(ctx, r)
	require.ErrorIs(t, err, fixtures.ErrLeaseHeld)
	j.Yield(r.ID)
	b.ok("stop", "one")
}

func keeperOf(t *testing.T, b *bench) *sandboxes.Keeper {
	t.Helper()
	j, err := fixtures.OpenJournal(b.home)
	require.NoError(t, err)
	s, err := sandboxes.OpenStore(j)
	require.NoError(t, err)
	t.Cleanup(s.Close)
	return &sandboxes.Keeper{Store: s, Journal: j, Open: func(string) (providers.Provider, error) { return b.fake.Again(), nil }}
}

// What is made and fails is undone, name included.
func TestSandbox_undone(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	fail := true
	b.fake = providertest.NewFake(providertest.FakeOptions{Dir: t.TempDir(), FailClone: func(providers.CloneSpec) error {
		if fail {
			return os.ErrPermission
		}
		return nil
	}})
	code, _, errs := b.run("create", "-m", "fake", "--template", "debian-base", "-n", "one")
	assert.Equal(t, exitFindings, code)
	assert.Contains(t, errs, "permission denied")
	assert.Empty(t, b.fake.Live())
	for _, dir := range []string{"leases", "sandboxes"} {
		left, err := filepath.Glob(filepath.Join(b.home, dir, "[a-z]*"))
		require.NoError(t, err)
		assert.Empty(t, left)
	}
	fail = false
	b.createOne()
}
