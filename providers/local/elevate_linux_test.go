package local_test

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
	"github.com/benchtest-dev/benchtest/benchtest/facts/probebin"
	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/local"
)

// TestElevated goes through the whole life of a machine as an ordinary user.
// As root there is nothing to elevate: run it with
// go test -c ./providers/local && sudo -u USER ./local.test -test.run Elevated
func TestElevated(t *testing.T) {
	t.Parallel()
	if os.Geteuid() == 0 {
		t.Skip("this is root: run the test as an ordinary user who may sudo -n")
	}
	if out, err := exec.CommandContext(t.Context(), "sudo", "-n", "true").CombinedOutput(); err != nil {
		t.Skipf("sudo -n is refused (%s): allow it, as provider local's own error says", out)
	}
	home := os.Getenv("BENCHTEST_HOME")
	require.NotEmpty(t, home, "set BENCHTEST_HOME to a directory with the test template in it")
	p, err := local.New(providers.Options{Home: home, Run: "elevated"})
	require.NoError(t, err)
	require.NoError(t, p.Check(t.Context()))

	base := baseTemplate()
	base.Progress = func(step string) { t.Log(step) }
	tmpl := template(providers.Template{Name: "test-elevated", Base: &base, Provision: "provision.sh", DiskMiB: 512, MemoryMiB: 512},
		fstest.MapFS{"provision.sh": {Data: []byte(goodProvision)}, "files/motd": {Data: []byte("packed\n")}})
	tmpl.Progress = base.Progress
	type deleter interface {
		DeleteTemplate(ctx context.Context, buildName string) error
	}
	require.NoError(t, p.Build(t.Context(), tmpl))

	ring, err := providers.NewKeyRing()
	require.NoError(t, err)
	m, err := p.Clone(t.Context(), providers.CloneSpec{ID: "benchtest-elevated", Template: tmpl, HostName: "web1", Keys: ring.Keys})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, m.Destroy(context.Background())) })
	s := shell(t, m, "web1", ring)
	assert.Equal(t, "packed", run(t, s, "cat", "/etc/motd"))
	assert.True(t, m.(providers.LimitReporter).Enforced().Disk)
	require.ErrorIs(t, p.(deleter).DeleteTemplate(t.Context(), tmpl.BuildName()), local.ErrTemplateInUse)

	if bin, err := probebin.Open(t.Context(), t.TempDir()); err == nil { // else there is no go command here
		defer bin.Close()
		request, err := json.Marshal(facts.Request{Queries: []facts.Query{{Noun: facts.NounFile, Subject: "/etc/motd"}}})
		require.NoError(t, err)
		out, err := m.(providers.Prober).Probe(t.Context(), bin, request)
		require.NoError(t, err)
		assert.Contains(t, string(out), `"exists":true`)
	} else {
		t.Logf("no probe: %v", err)
	}

	require.NoError(t, m.(providers.Rebooter).Reboot(t.Context()))
	assert.Equal(t, "web1", run(t, s, "hostname"))
	require.NoError(t, m.Destroy(t.Context()))
	require.NoError(t, m.Destroy(t.Context()), "idempotent")
	_, err = p.Open(t.Context(), m.ID())
	require.ErrorIs(t, err, providers.ErrNotFound)
	require.NoError(t, p.(deleter).DeleteTemplate(t.Context(), tmpl.BuildName()))

	cut, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = p.Clone(cut, providers.CloneSpec{ID: "benchtest-elevated", Template: base, Keys: ring.Keys})
	require.ErrorIs(t, err, context.Canceled)
	infos, err := p.List(t.Context())
	require.NoError(t, err)
	for _, i := range infos {
		assert.NotEqual(t, "benchtest-elevated", i.ID)
	}
}
