package soak_test

import (
	"errors"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/facts/probebin"
)

// madeUser is the ordinary user that these tests make, where SOAK_USER names
// none.
const madeUser = "benchtest-soak"

// ordinary is a user who may sudo -n.
func ordinary(t *testing.T) *user.User {
	t.Helper()
	name := os.Getenv("SOAK_USER")
	if name == "" {
		name = madeUser
		makeUser(t)
	}
	u, err := user.Lookup(name)
	require.NoError(t, err)
	out, err := as(t, u, "sudo", "-n", "true").CombinedOutput()
	require.NoError(t, err, "%s may not sudo -n: %s", name, out)
	return u
}

// makeUser adds the user, and removes them when the test is over.
func makeUser(t *testing.T) {
	t.Helper()
	sudoers := filepath.Join("/etc/sudoers.d", madeUser)
	t.Cleanup(func() {
		_ = os.Remove(sudoers)
		out, err := exec.Command("userdel", "--remove", madeUser).CombinedOutput() //nolint:noctx // the test's context is over
		require.NoError(t, err, string(out))
	})
	if _, err := user.Lookup(madeUser); err != nil { // a test that was killed may have left them
		out, err := exec.CommandContext(t.Context(), "useradd", "--create-home", madeUser).CombinedOutput()
		require.NoError(t, err, string(out))
	}
	require.NoError(t, os.WriteFile(sudoers, []byte(madeUser+" ALL=(ALL) NOPASSWD: ALL\n"), 0o440))
}

// credentials are argv's, run by u.
func credentials(u *user.User, argv []string) []string {
	if u == nil {
		return argv
	}
	return append([]string{"setpriv", "--reuid=" + u.Uid, "--regid=" + u.Gid, "--init-groups", "--"}, argv...)
}

func as(t *testing.T, u *user.User, argv ...string) *exec.Cmd {
	t.Helper()
	argv = credentials(u, argv)
	return exec.CommandContext(t.Context(), argv[0], argv[1:]...)
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
	t.Cleanup(func() {
		// Where the user's processes meet; the user is gone.
		if st, err := os.Stat("/tmp/benchtest-" + u.Uid); err == nil && int(st.Sys().(*syscall.Stat_t).Uid) == uid && u.Username == madeUser {
			require.NoError(t, errors.Join(os.RemoveAll("/tmp/benchtest-"+u.Uid)))
		}
	})
}
