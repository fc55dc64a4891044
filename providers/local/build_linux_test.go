package local_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/local"
)

// layer is a template on the test's Debian, made anew by each test that has it.
func layer(t *testing.T, p provider, base providers.Template, name string, packages []string, provision string) providers.Template {
	t.Helper()
	files := fstest.MapFS{"files/motd": {Data: []byte("from the definition\n")}}
	tmpl := providers.Template{Name: name, Base: &base, Packages: packages, VCPU: 1, MemoryMiB: 512, DiskMiB: 512}
	if provision != "" {
		files["provision.sh"] = &fstest.MapFile{Data: []byte(provision)}
		tmpl.Provision = "provision.sh"
	}
	tmpl = template(tmpl, files)
	tmpl.Progress = func(step string) { t.Log(step) }
	remove := func() { require.NoError(t, p.DeleteTemplate(context.Background(), tmpl.BuildName())) }
	remove()
	t.Cleanup(remove)
	return tmpl
}

const goodProvision = `#!/bin/sh
set -eu
install -m 644 files/motd /etc/motd
cat >/etc/systemd/system/greeter.service <<END
[Service]
ExecStart=/usr/bin/sleep infinity
[Install]
WantedBy=multi-user.target
END
systemctl enable --now greeter
`

func TestBuildLayer(t *testing.T) {
	t.Parallel()
	p, base := live(t)
	tmpl := layer(t, p, base, "test-layer", []string{"tree"}, goodProvision)
	require.NoError(t, p.Build(t.Context(), tmpl))
	require.NoError(t, p.Build(t.Context(), tmpl), "idempotent")
	assert.Equal(t, "complete", stateOf(t, p, tmpl.BuildName()))

	m, ring := clone(t, p, tmpl, "benchtest-layered", "web1")
	s := shell(t, m, "web1", ring)
	assert.Equal(t, "running", run(t, s, "systemctl", "is-system-running", "--wait"))
	assert.Equal(t, "from the definition", run(t, s, "cat", "/etc/motd"))
	assert.Equal(t, "active", run(t, s, "systemctl", "is-active", "greeter"))
	run(t, s, "tree", "--version")
	assert.Equal(t, "0 0", run(t, s, "stat", "-c", "%u %g", "/etc/motd"))
	assert.Contains(t, run(t, s, "getent", "hosts", "web1"), "127.0.1.1", "not the name it was provisioned under")
	for _, gone := range []string{"/var/lib/benchtest-build", "/usr/sbin/policy-rc.d"} {
		r, err := s.Exec(t.Context(), providers.Command{Argv: []string{"test", "-e", gone}})
		require.NoError(t, err)
		assert.Equal(t, 1, r.ExitStatus, gone)
	}

	err := p.DeleteTemplate(t.Context(), tmpl.BuildName())
	require.ErrorIs(t, err, local.ErrTemplateInUse, "a clone stands on it")
	err = p.DeleteTemplate(t.Context(), base.BuildName())
	require.ErrorIs(t, err, local.ErrTemplateInUse, "a layer stands on it")
	require.NoError(t, m.Destroy(t.Context()))
	require.NoError(t, p.DeleteTemplate(t.Context(), tmpl.BuildName()))
	assert.Empty(t, stateOf(t, p, tmpl.BuildName()))
}

func TestBuildByPlaybook(t *testing.T) {
	t.Parallel()
	p, base := live(t)
	if _, err := exec.LookPath("ansible-playbook"); err != nil {
		t.Skip("no ansible-playbook: apt-get install ansible-core")
	}
	files := fstest.MapFS{"provision.yml": {Data: []byte(`
- hosts: all
  tasks:
    - {name: leave a mark, copy: {content: "by ansible\n", dest: /etc/mark}}
`)}}
	tmpl := template(providers.Template{Name: "test-play", Base: &base, Provision: "provision.yml", DiskMiB: 512, MemoryMiB: 512}, files)
	remove := func() { require.NoError(t, p.DeleteTemplate(context.Background(), tmpl.BuildName())) }
	remove()
	t.Cleanup(remove)
	require.NoError(t, p.Build(t.Context(), tmpl))
	m, ring := clone(t, p, tmpl, "benchtest-played", "web1")
	assert.Equal(t, "by ansible", run(t, shell(t, m, "web1", ring), "cat", "/etc/mark"))
}

func TestBuildThatFailsLeavesNothingThatLooksFinished(t *testing.T) {
	t.Parallel()
	p, base := live(t)
	tmpl := layer(t, p, base, "test-broken", nil, "echo this is why >&2; exit 3")
	err := p.Build(t.Context(), tmpl)
	require.ErrorContains(t, err, "this is why")
	assert.Equal(t, "broken", stateOf(t, p, tmpl.BuildName()))
	assertNoBuildMachine(t, tmpl)
	_, err = p.Clone(t.Context(), providers.CloneSpec{ID: "benchtest-of-broken", Template: tmpl, Keys: providers.Keys{HostKey: []byte("x")}})
	require.ErrorContains(t, err, "is not built")
}

func TestBuildThatIsCutCanBeRepeated(t *testing.T) {
	t.Parallel()
	p, base := live(t)
	marker := "provisioning"
	tmpl := layer(t, p, base, "test-cut", nil, goodProvision)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	cut := tmpl
	cut.Progress = func(step string) {
		if strings.HasPrefix(step, marker) {
			cancel()
		}
	}
	require.ErrorIs(t, p.Build(ctx, cut), context.Canceled)
	assertNoBuildMachine(t, tmpl)
	require.NoError(t, p.Build(t.Context(), tmpl))
	assert.Equal(t, "complete", stateOf(t, p, tmpl.BuildName()))
}

func TestBuildTwiceAtOnce(t *testing.T) {
	t.Parallel()
	p, base := live(t)
	tmpl := layer(t, p, base, "test-twice", nil, goodProvision)
	builds := make(chan string, 10)
	tmpl.Progress = func(step string) { builds <- step }
	errs := make(chan error, 2)
	for range 2 {
		go func() { errs <- p.Build(t.Context(), tmpl) }()
	}
	require.NoError(t, <-errs)
	require.NoError(t, <-errs)
	close(builds)
	n := 0
	for step := range builds {
		if strings.HasPrefix(step, "provisioning") {
			n++
		}
	}
	assert.Equal(t, 1, n)
}

// assertNoBuildMachine wants the machine that a template is built in to be gone.
func assertNoBuildMachine(t *testing.T, tmpl providers.Template) {
	t.Helper()
	records, err := filepath.Glob("/run/benchtest/benchtest-build-*/machine.json")
	require.NoError(t, err)
	for _, r := range records {
		if b, err := os.ReadFile(r); err == nil {
			assert.NotContains(t, string(b), tmpl.BuildName())
		}
	}
}
