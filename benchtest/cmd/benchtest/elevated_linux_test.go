package main

import (
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/providers/local/localtest"
)

// An ordinary is a user who may sudo, with a home of their own and this
// command.
type ordinary struct {
	t       *testing.T
	user    *user.User
	command string
	home    string
}

func newOrdinary(t *testing.T) *ordinary {
	t.Helper()
	own := realHome(t) // only for what it asks of this machine
	o := &ordinary{t: t, user: localtest.MakeUser(t, "benchtest-cli")}
	o.home = filepath.Join(o.user.HomeDir, "state")
	o.command = filepath.Join(o.user.HomeDir, "benchtest")
	binary, err := os.ReadFile(os.Args[0])
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(o.command, binary, 0o755)) //nolint:gosec // a program that the user runs
	o.ok("mkdir", "-p", o.home+"/templates")
	base, err := os.Readlink(filepath.Join(own, "templates", filepath.Base(builtBase())))
	require.NoError(t, err)
	o.ok("ln", "-s", base, o.home+"/templates/")
	t.Cleanup(func() { purgeAll(t, o.home) })
	return o
}

// run runs a program as the user.
func (o *ordinary) run(argv ...string) (string, error) {
	o.t.Helper()
	argv = localtest.As(o.user, argv...)
	cmd := exec.CommandContext(o.t.Context(), argv[0], argv[1:]...)
	cmd.Dir = o.user.HomeDir
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + o.user.HomeDir, "USER=" + o.user.Username, "LOGNAME=" + o.user.Username,
		"BENCHTEST_HOME=" + o.home, "INCUS_SOCKET=" + noIncus,
	}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (o *ordinary) ok(argv ...string) string {
	o.t.Helper()
	out, err := o.run(argv...)
	require.NoError(o.t, err, "%v: %s", argv, out)
	return out
}

// sandbox runs one of these commands, which must succeed.
func (o *ordinary) sandbox(args ...string) string {
	o.t.Helper()
	return o.ok(append([]string{o.command, "sandbox"}, args...)...)
}

// For a user who may sudo, all that one does with a machine of one's own goes
// through the helper, and what is theirs stays theirs.
func TestElevatedSandbox(t *testing.T) {
	t.Parallel()
	o := newOrdinary(t)
	o.ok("mkdir", "project")
	assert.Contains(t, o.sandbox("create", "box", "--mount-only", "project:w"), "Target ready: box (debian-base on local)")
	assert.Equal(t, "agent\n", o.sandbox("ssh", "box", "--", "whoami; echo here >mine"))

	assert.Equal(t, "box is off\n", o.sandbox("stop", "box"))
	out, err := o.run(o.command, "sandbox", "ssh", "box", "--", "true")
	require.Error(t, err)
	assert.Contains(t, out, "sandbox box is stopped: benchtest sandbox start box")
	assert.Equal(t, "starting box\n"+o.user.HomeDir+"/project\n", o.sandbox("shell", "box", "--workdir", o.user.HomeDir+"/project", "--", "sh", "-c", "pwd; touch made"))
	o.sandbox("stop", "box")
	assert.Equal(t, o.user.Username+"\n", o.ok("stat", "-c", "%U", "project/made"))
	out, err = o.run(o.command, "sandbox", "edit", "box", "--mount-only", "/etc/ssh")
	require.Error(t, err)
	assert.Contains(t, out, "mount /etc/ssh: it is not yours")
	o.sandbox("edit", "box", "--memory", "1.5")
	assert.Equal(t, "box runs\n", o.sandbox("start", "box"))
	assert.Equal(t, "here\n", o.sandbox("ssh", "box", "--", "cat mine"))

	assert.Contains(t, o.sandbox("save", "box", "--as-template", "mine"), "saved box as template mine")
	assert.Contains(t, o.ok(o.command, "template", "list"), "complete")
	o.sandbox("create", "copy", "--template", "mine")
	assert.Equal(t, "here\n", o.sandbox("ssh", "copy", "--", "cat mine"))
	o.sandbox("reset", "box")
	_, err = o.run(o.command, "sandbox", "ssh", "box", "--", "cat mine")
	require.Error(t, err, "it is new")
	o.sandbox("delete", "box", "copy")
	assert.Equal(t, "[]\n", o.sandbox("list", "--json", "-m", "local"))

	// Root made the machines and the build; the rest is the user's.
	roots := o.ok("find", o.home, o.user.HomeDir+"/templates", "!", "-user", o.user.Username, "-printf", "%P\n", "-prune")
	for name := range strings.Lines(roots) {
		assert.Regexp(t, `^(templates/(\.template-|template-)|machines)`, name)
	}
}

// Without sudo it is said what to do, whichever command needs it.
func TestElevatedSandbox_withoutSudo(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("makes a user: run as root")
	}
	nobody, err := user.Lookup("nobody")
	require.NoError(t, err)
	dir, err := os.MkdirTemp("", "benchtest-nobody") //nolint:usetesting // that one is closed to them
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	require.NoError(t, os.Chmod(dir, 0o777)) //nolint:gosec // it is theirs
	o := &ordinary{t: t, user: nobody, home: filepath.Join(dir, "home"), command: filepath.Join(dir, "benchtest")}
	o.user.HomeDir = dir
	binary, err := os.ReadFile(os.Args[0])
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(o.command, binary, 0o755)) //nolint:gosec // a program that the user runs
	out, err := o.run(o.command, "sandbox", "create", "box")
	require.Error(t, err)
	assert.Contains(t, out, "provider local needs root. Any of these will do:")
	assert.Contains(t, out, "sudo tee /etc/sudoers.d/benchtest")
}
