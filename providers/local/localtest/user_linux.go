package localtest

import (
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// MakeUser makes an ordinary user who may sudo without a password, and removes
// them when the test is over, with their home and the place where their
// processes meet. The test runs as root; a name that is there already must be
// one that an earlier test left. Where there is no sudo the test is skipped.
func MakeUser(t *testing.T, name string) *user.User {
	t.Helper()
	if _, err := exec.LookPath("sudo"); err != nil {
		t.Skip("no ordinary user gets root here: apt-get install sudo")
	}
	sudoers := filepath.Join("/etc/sudoers.d", name)
	meeting := ""
	t.Cleanup(func() {
		if meeting != "" {
			_ = os.RemoveAll(meeting) // the user is gone, and nobody else may enter
		}
	})
	t.Cleanup(func() {
		_ = os.Remove(sudoers)
		removeUser(t, name)
	})
	if _, err := user.Lookup(name); err == nil { // a test that was killed left them
		removeUser(t, name)
	}
	out, err := exec.CommandContext(t.Context(), "useradd", "--create-home", name).CombinedOutput()
	require.NoError(t, err, string(out))
	require.NoError(t, os.WriteFile(sudoers, []byte(name+" ALL=(ALL) NOPASSWD: ALL\n"), 0o440))
	u, err := user.Lookup(name)
	require.NoError(t, err)
	meeting = "/tmp/benchtest-" + u.Uid
	return u
}

// removeUser removes the user with their home, once their processes have ended.
func removeUser(t *testing.T, name string) {
	t.Helper()
	waitForEnd(t, name)
	out, err := exec.Command("userdel", "--remove", name).CombinedOutput() //nolint:noctx // the test's context may be over
	require.NoError(t, err, string(out))
}

// endLimit is how long a helper may outlive the command that it served.
const endLimit = 10 * time.Second

// waitForEnd waits until the user has no process any more, and fails with those
// that stay. A sudo that they ran counts: its effective user is root, but its
// real one is they, and userdel refuses for either.
func waitForEnd(t *testing.T, name string) {
	t.Helper()
	for deadline := time.Now().Add(endLimit); ; {
		left, err := exec.Command("ps", "-u", name, "-U", name, "-o", "pid=,args=").Output() //nolint:noctx // the test's context is over
		if err != nil || len(left) == 0 {                                                    // ps exits 1 when there is none
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("processes of user %s stay:\n%s", name, left)
		}
		<-time.After(50 * time.Millisecond)
	}
}

// As is argv as run by u: by root for a nil one.
func As(u *user.User, argv ...string) []string {
	if u == nil {
		return argv
	}
	return append([]string{"setpriv", "--reuid=" + u.Uid, "--regid=" + u.Gid, "--init-groups", "--"}, argv...)
}
