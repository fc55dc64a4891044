package bastion_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/providers/bastion"
)

// openSSH runs one of the real client's programs with the bastion's
// configuration, and returns what it said and its exit status.
func openSSH(t *testing.T, w world, stdin string, argv ...string) (stdout, stderr string, exit int) {
	t.Helper()
	path, err := exec.LookPath(argv[0])
	if err != nil {
		t.Skipf("%s is not installed: apt-get install openssh-client", argv[0])
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	args := append([]string{"-F", w.SSHConfigPath()}, argv[1:]...)
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.WaitDelay = time.Second
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &errs
	err = cmd.Run()
	require.NoError(t, ctx.Err())
	if cmd.ProcessState == nil {
		require.NoError(t, err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

func TestOpenSSH(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, stdin    string
		argv           []string
		stdout, stderr string
		exit           int
		record         bastion.Record
	}{
		{
			name: "exit status and both streams", argv: []string{"ssh", "web1", "echo out; echo err >&2; exit 3"},
			stdout: "out\n", stderr: "err\n", exit: 3,
			record: bastion.Record{Kind: bastion.Exec, ExitStatus: new(3), Argv: []string{"sh", "-c", "echo out; echo err >&2; exit 3"}},
		},
		{
			name: "input to its end", argv: []string{"ssh", "web1", "cat"}, stdin: strings.Repeat("0123456789", 100_000),
			stdout: strings.Repeat("0123456789", 100_000),
			record: bastion.Record{Kind: bastion.Exec, ExitStatus: new(0), Argv: []string{"cat"}},
		},
		{
			name: "shell fed from a file", argv: []string{"ssh", "web1"}, stdin: "echo one\nexit 4\n",
			stdout: "one\n", exit: 4,
			record: bastion.Record{Kind: bastion.Shell, ExitStatus: new(4), Argv: []string{"shell"}, Typed: []string{"echo one", "exit 4"}},
		},
		{
			name: "killed by a signal", argv: []string{"ssh", "web1", "kill -KILL $$"}, exit: 255,
			record: bastion.Record{Kind: bastion.Exec, Signal: "KILL", Argv: []string{"sh", "-c", "kill -KILL $$"}},
		},
		{
			name: "terminal", argv: []string{"ssh", "-tt", "web1", "tty"}, stdout: "/dev/pts/",
			record: bastion.Record{Kind: bastion.Exec, ExitStatus: new(0), Argv: []string{"tty"}},
		},
		{
			name: "another user", argv: []string{"ssh", "-l", "root", "web1", "id"}, stderr: "Permission denied (publickey)", exit: 255,
		},
		{
			name: "another host", argv: []string{"ssh", "-o", "HostKeyAlias=web2", "web1", "id"}, stderr: "Host key verification failed", exit: 255,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := start(t, nil)
			stdout, stderr, exit := openSSH(t, w, tt.stdin, tt.argv...)
			assert.Equal(t, tt.exit, exit, stderr)
			if tt.name == "terminal" {
				assert.Contains(t, stdout, tt.stdout)
			} else {
				assert.Equal(t, tt.stdout, stdout)
			}
			assert.Contains(t, stderr, tt.stderr)
			if tt.record.Kind == "" {
				assert.Empty(t, w.Commands())
				return
			}
			r := w.last(t)
			got := bastion.Record{Kind: r.Kind, ExitStatus: r.ExitStatus, Signal: r.Signal, Argv: r.Argv, Typed: r.Typed}
			assert.Equal(t, tt.record, got)
		})
	}
}

func TestOpenSSHCopiesFiles(t *testing.T) {
	t.Parallel()
	w := start(t, nil)
	src := filepath.Join(t.TempDir(), "src")
	require.NoError(t, os.WriteFile(src, []byte("content"), 0o600))
	_, stderr, exit := openSSH(t, w, "put "+src+" there\n", "sftp", "-b", "-", "web1")
	require.Zero(t, exit, stderr)
	data, err := os.ReadFile(filepath.Join(w.guest.Home, "there"))
	require.NoError(t, err)
	assert.Equal(t, "content", string(data))
	assert.Equal(t, bastion.Subsystem, w.last(t).Kind)
}

func TestOpenSSHOfAGuestThatIsDown(t *testing.T) {
	t.Parallel()
	w := start(t, func(c *bastion.Config) { c.Limits.Dial = 200 * time.Millisecond })
	w.guest.SetDown(true)
	_, stderr, exit := openSSH(t, w, "", "ssh", "web1", "true")
	assert.Equal(t, 255, exit)
	assert.Contains(t, stderr, "the guest is down")
	assert.Empty(t, w.Commands())
}

func TestOpenSSHWithAHostThatIsNotThere(t *testing.T) {
	t.Parallel()
	w := start(t, nil)
	config, err := os.ReadFile(w.SSHConfigPath())
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(w.SSHConfigPath(), bytes.ReplaceAll(config, []byte("/web1'"), []byte("/web9'")), 0o600))
	_, stderr, exit := openSSH(t, w, "", "ssh", "web1", "true")
	assert.Equal(t, 255, exit)
	assert.Contains(t, stderr, `no host "web9" here`)
}

// A directory whose path is too long for a socket, and one with characters
// that mean something in an ssh_config.
func TestOpenSSHWithAwkwardPaths(t *testing.T) {
	t.Parallel()
	for name, dir := range map[string]string{
		"long":       strings.Repeat("0123456789/", 12),
		"percent":    "100% of %h it's $HOME",
		"comma#hash": "a,b#c",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := start(t, func(c *bastion.Config) { c.Dir = filepath.Join(filepath.Dir(c.Dir), dir) })
			stdout, stderr, exit := openSSH(t, w, "", "ssh", "web1", "echo hello")
			assert.Zero(t, exit, stderr)
			assert.Equal(t, "hello\n", stdout)
			require.NoError(t, w.Close())
			assert.NoFileExists(t, w.Socket())
			assert.NoDirExists(t, filepath.Join(filepath.Dir(w.Socket()), "x"))
		})
	}
}
