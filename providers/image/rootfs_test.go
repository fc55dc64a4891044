package image_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/image"
)

// small is as little as can be a machine.
var small = providers.Template{Name: "test-small", Suite: "bookworm", Packages: []string{"iputils-ping"}, DiskMiB: 2048}

func TestRootfs(t *testing.T) {
	t.Parallel()
	needsDebian(t)
	oncePerContent(t)
	var log bytes.Buffer
	s := image.Store{Dir: filepath.Join(t.TempDir(), "images"), Log: &log, System: t.TempDir()}
	type result struct {
		path string
		err  error
	}
	results := make(chan result, 2)
	steps := make(chan string, 10)
	tmpl := small
	tmpl.Progress = func(step string) { steps <- step }
	for range 2 {
		go func() {
			path, err := s.Rootfs(t.Context(), tmpl)
			results <- result{path, err}
		}()
	}
	first, second := <-results, <-results
	require.NoError(t, errors.Join(first.err, second.err), log.String())
	assert.Equal(t, first.path, second.path)
	assert.NotContains(t, log.String(), "Unable to read", "apt found its configuration to the end: else it tidies the host's lists")
	assert.Len(t, steps, 1, "two make it once")

	s.Log = nil // the tests below share it
	entries, err := os.ReadDir(s.Dir)
	require.NoError(t, err)
	for _, e := range entries {
		assert.NotContains(t, e.Name(), ".staging", "nothing but the image and its lock is left")
	}
	info, err := os.Stat(first.path)
	require.NoError(t, err)
	assert.EqualValues(t, 0o644, info.Mode().Perm(), "it is everybody's")

	files := map[string]*tar.Header{}
	passwd := readTar(t, first.path, files)
	assert.Contains(t, passwd, "\nagent:")
	for _, name := range []string{"./etc/ssh/sshd_config.d/10-benchtest.conf", "./etc/sudoers.d/90-benchtest-agent", "./usr/bin/sudo"} {
		assert.Contains(t, files, name)
	}
	for _, name := range []string{"./etc/ssh/ssh_host_ed25519_key", "./etc/hostname", "./usr/sbin/policy-rc.d"} {
		assert.NotContains(t, files, name, "each clone has its own, or nobody")
	}
	assert.Equal(t, int64(0o4755), files["./usr/bin/sudo"].Mode&0o7777)
	assert.Contains(t, files["./usr/bin/ping"].PAXRecords, "SCHILY.xattr.security.capability")

	t.Run("a tarball of one's own", func(t *testing.T) {
		t.Parallel()
		testOwn(t, s, first.path, nil)
	})
	t.Run("a directory of one's own", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		out, err := exec.CommandContext(t.Context(), "tar", "--numeric-owner", "--xattrs", "--xattrs-include=*", "-C", dir, "-xf", first.path).CombinedOutput()
		require.NoError(t, err, string(out))
		testOwn(t, s, dir, []string{"tree"})
	})
}

// testOwn completes a root file system that its user has.
func testOwn(t *testing.T, s image.Store, path string, packages []string) {
	t.Helper()
	digest, err := image.Digest(providers.Source{Path: path})
	require.NoError(t, err)
	tmpl := providers.Template{Name: "own", Source: &providers.Source{Path: path, Digest: digest}, Packages: packages, DiskMiB: 2048}
	own, err := s.Rootfs(t.Context(), tmpl)
	require.NoError(t, err)
	files := map[string]*tar.Header{}
	readTar(t, own, files)
	assert.Equal(t, int64(0o4755), files["./usr/bin/sudo"].Mode&0o7777)
	assert.Zero(t, files["./usr/bin/sudo"].Uid, "its owner is the guest's root, not the host's or a namespace's")
	assert.Contains(t, files["./usr/bin/ping"].PAXRecords, "SCHILY.xattr.security.capability")
	for _, p := range packages {
		assert.Contains(t, files, "./usr/bin/"+p)
	}
	assert.NotContains(t, files, "./dev/null")

	_, err = s.Disk(t.Context(), tmpl)
	require.ErrorContains(t, err, "has no kernel in /boot: install one")
}

func needsDebian(t *testing.T) {
	t.Helper()
	if runtime.GOOS != "linux" || os.Geteuid() != 0 {
		t.Skip("this bootstraps Debian: run as root on Linux")
	}
	if testing.Short() {
		t.Skip("this bootstraps Debian, which takes a minute: run without -short")
	}
	if _, err := exec.LookPath("mmdebstrap"); err != nil {
		t.Skip("no mmdebstrap: apt-get install mmdebstrap")
	}
}

// readTar fills files and returns /etc/passwd.
func readTar(t *testing.T, path string, files map[string]*tar.Header) (passwd string) {
	t.Helper()
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	r := tar.NewReader(f)
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return passwd
		}
		require.NoError(t, err)
		files[h.Name] = h
		if h.Name == "./etc/passwd" {
			b, err := io.ReadAll(r)
			require.NoError(t, err)
			passwd = string(b)
		}
	}
}
