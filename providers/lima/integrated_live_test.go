package lima_test

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/lima"
)

// integrated returns a provider and a template in integrated mode, built on
// debian-base.
func integrated(t *testing.T) (provider, providers.Template) {
	t.Helper()
	if os.Getenv("BENCHTEST_LIMA_TEST") != "all" {
		t.Skip("it boots machines anew, which takes minutes: make e2e-lima ALL=1 runs this test (BENCHTEST_LIMA_TEST=all)")
	}
	p, base := live(t)
	const name = "integrated-test"
	options := providers.LimaOptions{Mode: providers.LimaIntegrated, Forwards: []providers.Forward{{Guest: 8080}}, Containerd: "system"}
	sum := sha256.Sum256(fmt.Append(nil, base.Digest, options))
	tmpl := providers.Template{
		Name: name, Base: &base, Digest: hex.EncodeToString(sum[:]), VCPU: base.VCPU, MemoryMiB: base.MemoryMiB, DiskMiB: base.DiskMiB,
		Lima: options, Progress: func(step string) { t.Log(time.Now().Format(time.TimeOnly), step) },
	}
	require.NoError(t, p.Build(t.Context(), tmpl))
	tmpl.Progress = nil
	return p, tmpl
}

// A guest sees exactly what is named, with the user's files as its agent's, and
// writes only where that was asked for.
func TestIntegrated_mounts(t *testing.T) {
	t.Parallel()
	p, tmpl := integrated(t)
	if _, err := lima.FindVirtiofsd(); err != nil {
		t.Skip(err)
	}
	fixed, writable := ownDir(t), ownDir(t)
	require.NoError(t, os.WriteFile(filepath.Join(fixed, "file"), []byte("theirs\n"), 0o600))
	tmpl.Lima.Mounts = []providers.Mount{{Host: fixed}, {Host: writable, Guest: "/mnt/own files", Writable: true}}
	m, sb := clone(t, p, tmpl, "benchtest-mounts")
	require.NoError(t, sb.WaitReady(t.Context()))

	assert.Equal(t, "agent 600", run(t, sb, "stat", "-c", "%U %a", filepath.Join(fixed, "file")))
	assert.Equal(t, "theirs", run(t, sb, "runuser", "-u", "agent", "--", "cat", filepath.Join(fixed, "file")))
	run(t, sb, "runuser", "-u", "agent", "--", "sh", "-c", "echo ours >'/mnt/own files/file'; ln -s /etc/passwd '/mnt/own files/link'")
	got, err := os.ReadFile(filepath.Join(writable, "file"))
	require.NoError(t, err)
	assert.Equal(t, "ours\n", string(got))
	all := run(t, sb, "findmnt", "--noheadings", "--types", "virtiofs,9p,fuse.sshfs", "--output", "TARGET,OPTIONS", "--raw")
	assert.Len(t, lines(all), 2, "only what was named: %s", all)
	for _, line := range lines(all) {
		assert.Regexp(t, `nosuid,nodev`, line)
	}
	// A guest's root is stopped by the driver, not by how it mounts.
	run(t, sb, "sh", "-c", fmt.Sprintf("umount '%[1]s' && mount -t virtiofs $(awk '$2 == \"%[1]s\" {print $1}' /etc/fstab) '%[1]s' && ! touch '%[1]s/new'", fixed))
	assert.NoFileExists(t, filepath.Join(fixed, "new"))
	run(t, sb, "sh", "-c", "! mknod '/mnt/own files/disk' b 254 1")

	require.ErrorContains(t, m.(providers.Resetter).CanReset(t.Context()), "new clone")
	require.Error(t, m.(providers.Remounter).Remount(t.Context(), []providers.Mount{{Host: filepath.Join(writable, "link")}}))
}

// A port of a guest without a network is reached on loopback, and no other is;
// and there is the containerd that was asked for.
func TestIntegrated_forwards(t *testing.T) {
	t.Parallel()
	p, tmpl := integrated(t)
	m, sb := clone(t, p, tmpl, "benchtest-forwards")
	run(t, sb, "ctr", "version")
	run(t, sb, "systemd-run", "--quiet", "--unit=hello", "perl", "-MIO::Socket::INET", "-e",
		`$$s = IO::Socket::INET->new(LocalPort => 8080, Listen => 5) or die; while ($$c = $$s->accept) { print $$c "hello\n"; close $$c }`)
	list, err := m.(providers.Forwarder).Forwards(t.Context())
	require.NoError(t, err)
	require.Len(t, list, 1)
	assert.Equal(t, 8080, list[0].Guest)
	assert.Equal(t, "hello\n", firstLine(t, list[0].Host))
	require.NoError(t, m.(providers.Resetter).CanReset(t.Context()), "it has no mounts")

	require.NoError(t, m.Destroy(t.Context()))
	_, err = (&net.Dialer{Timeout: time.Second}).DialContext(t.Context(), "tcp", fmt.Sprintf("127.0.0.1:%d", list[0].Host))
	require.Error(t, err, "the port is gone with its machine")
}

// firstLine is what is said at a port, when somebody listens there.
func firstLine(t *testing.T, port int) string {
	t.Helper()
	var line string
	require.Eventually(t, func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		c, err := (&net.Dialer{}).DialContext(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			return false
		}
		defer c.Close()
		deadline, _ := ctx.Deadline()
		_ = c.SetDeadline(deadline)
		line, err = bufio.NewReader(c).ReadString('\n')
		return err == nil
	}, time.Minute, 100*time.Millisecond)
	return line
}

// ownDir is a directory of the user's whose path goes through no link.
func ownDir(t *testing.T) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	return dir
}
