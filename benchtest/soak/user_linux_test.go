package soak_test

import (
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/facts/probebin"
	"github.com/benchtest-dev/benchtest/providers/local/localtest"
)

// ordinary is a user who may sudo -n.
func ordinary(t *testing.T) *user.User {
	t.Helper()
	name := os.Getenv("SOAK_USER")
	if name == "" {
		return localtest.MakeUser(t, "benchtest-soak")
	}
	u, err := user.Lookup(name)
	require.NoError(t, err)
	argv := localtest.As(u, "sudo", "-n", "true")
	out, err := exec.CommandContext(t.Context(), argv[0], argv[1:]...).CombinedOutput()
	require.NoError(t, err, "%s may not sudo -n: %s", name, out)
	return u
}

// giveTo makes the stage that user's: their home, and a copy of the suite that
// they may read wherever the checkout is.
func (s *stage) giveTo(t *testing.T, u *user.User) {
	t.Helper()
	root := filepath.Dir(s.home)
	src := filepath.Join(root, "src")
	require.NoError(t, os.Mkdir(src, 0o755))
	copyTree(t, src, suiteDir(t))
	s.user, s.dir = u, filepath.Join(src, filepath.Base(suiteDir(t)))
	cache, bin := filepath.Join(s.home, "cache"), filepath.Join(root, "bin")
	require.NoError(t, os.MkdirAll(bin, 0o755))
	// A go command that finds the probe up to date: the module cache may be
	// closed to them.
	require.NoError(t, os.WriteFile(filepath.Join(bin, "go"), []byte("#!/bin/sh\n"), 0o755)) //nolint:gosec // a program
	probe, err := probebin.Open(t.Context(), s.home)
	require.NoError(t, err)
	require.NoError(t, probe.Close())
	s.environ = []string{"PATH=" + bin + ":" + os.Getenv("PATH"), "HOME=" + u.HomeDir, "USER=" + u.Username, "LOGNAME=" + u.Username}
	uid, err := strconv.Atoi(u.Uid)
	require.NoError(t, err)
	gid, err := strconv.Atoi(u.Gid)
	require.NoError(t, err)
	for _, path := range []string{s.home, filepath.Join(s.home, "templates"), cache, filepath.Join(cache, "build-probe-linux-"+runtime.GOARCH)} {
		require.NoError(t, os.Chown(path, uid, gid))
	}
	for _, name := range names(cache) {
		require.NoError(t, os.Chown(filepath.Join(cache, name), uid, gid))
	}
}
