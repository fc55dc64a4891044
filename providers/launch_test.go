package providers_test

import (
	"bytes"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/providers"
)

func TestLaunchRoundTrip(t *testing.T) {
	t.Parallel()
	for name, l := range map[string]providers.Launch{
		"plain":  {Nonce: "N", User: "root", Argv: []string{"true"}},
		"all":    {Nonce: "N", User: "agent", Dir: "/a b", Env: []string{"A=b c", "B=", "C='"}, Argv: []string{"x", "", "'", `\`, `'\''`, "\n", "/bin/sh"}},
		"nested": {Nonce: "N", User: "root", Argv: []string{"/bin/sh", "-c", "exec env -i", "benchtest-exec"}},
	} {
		line, err := l.Line()
		require.NoError(t, err, name)
		back, ok := providers.ParseLaunch(line)
		require.True(t, ok, name)
		if l.Env == nil {
			back.Env = nil
		}
		assert.Equal(t, l, back, name)
	}
	line, err := providers.Launch{Nonce: "N", User: "root", Argv: []string{"true"}}.Line()
	require.NoError(t, err)
	for _, other := range []string{"", "true", line[:40], line[:len(line)-1], line + "'", line + ";", strings.Replace(line, "USER", "XUSER", 1) + " \\"} {
		_, ok := providers.ParseLaunch(other)
		assert.False(t, ok, other)
	}
}

// TestLaunchShells runs a line by every shell that is here, as a login shell
// might be any, with a session of its own and without.
func TestLaunchShells(t *testing.T) {
	t.Parallel()
	l := providers.Launch{Nonce: "NONCE", User: "root", Argv: []string{"/bin/sh", "-c", `read -r s </proc/$$/stat; set -- ${s##*) }; echo "$$ $3 $4"`}}
	line, err := l.Line()
	require.NoError(t, err)
	for _, shell := range []string{"sh", "dash", "bash", "zsh", "fish", "ksh", "mksh"} {
		path, err := exec.LookPath(shell)
		if err != nil {
			t.Logf("shell %s is not here: apt-get install %s", shell, shell)
			continue
		}
		for _, session := range []bool{true, false} {
			cmd := exec.CommandContext(t.Context(), path, "-c", line)
			cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: session, Setpgid: !session}
			var stdout, stderr bytes.Buffer
			cmd.Stdout, cmd.Stderr = &stdout, &stderr
			require.NoError(t, cmd.Run(), "%s: %s", shell, &stderr)
			nonce, rest, _ := strings.Cut(stdout.String(), "\n")
			assert.Equal(t, "NONCE", nonce, shell)
			report := strings.Fields(stderr.String())
			ids := strings.Fields(rest) // PID, process group, session
			require.Len(t, ids, 3, shell)
			assert.Equal(t, []string{"NONCE", ids[0]}, report, shell)
			assert.Equal(t, ids[0], ids[1], "%s: the command leads its group", shell)
			assert.Equal(t, ids[0], ids[2], "%s: the command leads its session", shell)
		}
	}
}

// TestLaunchDeadChannel checks that a command whose streams were closed while
// the login shell dawdled does not start.
func TestLaunchDeadChannel(t *testing.T) {
	t.Parallel()
	file := t.TempDir() + "/started"
	line, err := providers.Launch{Nonce: "NONCE", User: "root", Argv: []string{"touch", file}}.Line()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), "/bin/sh", "-c", line+" >&-")
	require.Error(t, cmd.Run())
	assert.NoFileExists(t, file)
}
