package incus_test

import (
	"bytes"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	client "github.com/lxc/incus/v6/client"
	"github.com/lxc/incus/v6/shared/api"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/image"
	"github.com/benchtest-dev/benchtest/providers/incus"
)

// privateClient is a client of the daemon that scripts/incus.sh started, in the
// project default: its configuration is changed by tests, and no other's.
func privateClient(t *testing.T, p provider) client.InstanceServer {
	t.Helper()
	c, err := p.(clienter).Client(context.WithoutCancel(t.Context())) // it cleans up as well
	require.NoError(t, err)
	info, err := c.GetConnectionInfo()
	require.NoError(t, err)
	if !strings.Contains(info.SocketPath, "/benchtest-incus/") {
		t.Skipf("this test has the daemon listen on 127.0.0.1, which is only for that of scripts/incus.sh: stop the one at %s", info.SocketPath)
	}
	return c.UseProject("default")
}

// serve has the daemon listen on 127.0.0.1, for the time of the test.
func serve(t *testing.T, p provider) {
	t.Helper()
	free, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := free.Addr().String()
	require.NoError(t, free.Close())
	set := func(ctx context.Context, value string) {
		c, err := p.(clienter).Client(ctx)
		require.NoError(t, err)
		s, etag, err := c.GetServer()
		require.NoError(t, err)
		put := s.Writable()
		put.Config["core.https_address"] = value
		require.NoError(t, c.UpdateServer(put, etag))
	}
	set(t.Context(), address)
	t.Cleanup(func() { set(context.Background(), "") })
}

// addRemote makes the remote "tls" as people do, by a token, in a configuration
// of the test's own.
func addRemote(t *testing.T, c client.InstanceServer) {
	t.Helper()
	const name = "benchtest-test"
	op, err := c.CreateCertificateToken(api.CertificatesPost{CertificatePut: api.CertificatePut{Name: name, Type: "client"}, Token: true})
	require.NoError(t, err)
	opAPI := op.Get()
	token, err := opAPI.ToCertificateAddToken()
	require.NoError(t, err)
	t.Setenv("INCUS_CONF", t.TempDir())
	add := exec.CommandContext(t.Context(), "incus", "remote", "add", "tls", token.String())
	said, err := add.CombinedOutput()
	require.NoError(t, err, "%s", said)
	t.Cleanup(func() { distrust(t, c, name) })
}

// distrust forgets the test's certificates.
func distrust(t *testing.T, c client.InstanceServer, name string) {
	t.Helper()
	all, err := c.GetCertificates()
	assert.NoError(t, err)
	for _, cert := range all {
		if cert.Name == name {
			assert.NoError(t, c.DeleteCertificate(cert.Fingerprint))
		}
	}
}

// TestRemote: a daemon that is reached by its address and certificates makes
// machines as one at a socket does.
func TestRemote(t *testing.T) { //nolint:paralleltest // it is about the environment
	near, tmpl := live(t)
	c := privateClient(t, near)
	serve(t, near)
	addRemote(t, c)
	t.Setenv("BENCHTEST_INCUS_REMOTE", "tls")

	p := newProvider(t)
	require.NoError(t, p.Check(t.Context()))
	hosts, err := p.(providers.CapacityReporter).Capacity(t.Context())
	require.NoError(t, err)
	require.Len(t, hosts, 1)
	assert.Positive(t, hosts[0].VCPU)
	t.Run("a machine", func(t *testing.T) {
		sb := cloneOf(t, p, tmpl, "remote")
		r, err := sb.Exec(t.Context(), providers.Command{Argv: []string{"hostname"}, Limit: 10 * time.Second})
		require.NoError(t, err)
		assert.Equal(t, "remote\n", string(r.Stdout))
		answer, err := sb.Facts(t.Context(), facts.Request{Queries: []facts.Query{{Noun: "file", Subject: "/etc/passwd"}}})
		require.NoError(t, err)
		require.Len(t, answer.Facts, 1)
		assert.Equal(t, facts.GradeGuestOOB, answer.Facts[0].Grade)
		assert.Equal(t, true, answer.Facts[0].Attrs["exists"])
	})

	distrust(t, c, "benchtest-test")
	require.ErrorContains(t, newProvider(t).Check(t.Context()), "incus remote add")
	t.Setenv("BENCHTEST_INCUS_REMOTE", "nowhere")
	_, err = incus.New(providers.Options{Home: t.TempDir()})
	require.ErrorContains(t, err, "incus remote add nowhere")
}

// TestRemoteImage: a base may be an image of a remote.
func TestRemoteImage(t *testing.T) { //nolint:paralleltest // as above
	p, tmpl := live(t)
	c := privateClient(t, p)
	serve(t, p)
	addRemote(t, c)
	publishImage(t, c, tmpl, "benchtest/debian")

	t.Run("not reached", func(t *testing.T) {
		for base, want := range map[string]string{
			"nowhere:debian/12": "incus remote add nowhere",
			"local:debian/12":   "incus image export",
			"tls:none":          "incus image list tls:",
		} {
			err := p.Build(t.Context(), imageTemplate(base))
			require.ErrorContains(t, err, want, base)
		}
	})
	t.Run("fetched", func(t *testing.T) {
		own := imageTemplate("tls:benchtest/debian")
		require.NoError(t, p.Build(t.Context(), own))
		t.Cleanup(func() { assert.NoError(t, p.DeleteTemplate(context.Background(), own.BuildName())) })
		sb := cloneOf(t, p, own, "image")
		r, err := sb.Exec(t.Context(), providers.Command{Argv: []string{"id", "-un", "agent"}, Limit: 10 * time.Second})
		require.NoError(t, err)
		assert.Equal(t, "agent\n", string(r.Stdout))
	})
}

// imageTemplate stands on an image of a remote.
func imageTemplate(base string) providers.Template {
	t := testTemplate()
	t.Name, t.Suite, t.Packages, t.Source = "remote-image", "", nil, &providers.Source{Image: base}
	t.Digest = strings.Repeat("1a", 32)
	return t
}

// publishImage makes the template's root file system a public image of the
// daemon's, outside of our project, for the time of the test.
func publishImage(t *testing.T, c client.InstanceServer, tmpl providers.Template, alias string) {
	t.Helper()
	path, err := image.Store{Dir: filepath.Join(testHome(t), "images")}.Rootfs(t.Context(), tmpl)
	require.NoError(t, err)
	rootfs, err := os.Open(path)
	require.NoError(t, err)
	defer func() { _ = rootfs.Close() }()
	meta, err := incus.ImageMetadata(tmpl.BuildName())
	require.NoError(t, err)
	op, err := c.CreateImage(api.ImagesPost{ImagePut: api.ImagePut{Public: true}, Aliases: []api.ImageAlias{{Name: alias}}}, &client.ImageCreateArgs{
		MetaFile: bytes.NewReader(meta), MetaName: "metadata.tar", RootfsFile: rootfs, RootfsName: "rootfs.tar", Type: "container",
	})
	require.NoError(t, err)
	ended, _, err := c.GetOperationWait(op.Get().ID, -1)
	require.NoError(t, err)
	require.Equal(t, api.Success, ended.StatusCode, ended.Err)
	fingerprint, _ := ended.Metadata["fingerprint"].(string)
	t.Cleanup(func() {
		op, err := c.DeleteImage(fingerprint)
		if assert.NoError(t, err) {
			_, _, err = c.GetOperationWait(op.Get().ID, -1)
			assert.NoError(t, err)
		}
	})
}
