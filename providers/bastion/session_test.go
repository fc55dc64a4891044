package bastion_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pkg/sftp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/bastion"
)

func TestExec(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, command, stdin   string
		stdout, stderr, signal string
		exit                   int
		argv                   []string
	}{
		{name: "words", command: "printf %s 'a b'", stdout: "a b", argv: []string{"printf", "%s", "a b"}},
		{
			name: "shell text", command: "echo out; echo err >&2; exit 3", stdout: "out\n", stderr: "err\n", exit: 3,
			argv: []string{"sh", "-c", "echo out; echo err >&2; exit 3"},
		},
		{name: "input to its end", command: "cat", stdin: "one\ntwo\n", stdout: "one\ntwo\n", argv: []string{"cat"}},
		{name: "killed by a signal", command: "kill -TERM $$", signal: "TERM", argv: []string{"sh", "-c", "kill -TERM $$"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := start(t, nil)
			s := newSession(t, w.mustClient(t))
			var stdout, stderr bytes.Buffer
			s.Stdin, s.Stdout, s.Stderr = strings.NewReader(tt.stdin), &stdout, &stderr
			err := s.Run(tt.command)

			r := w.last(t)
			if tt.exit != 0 || tt.signal != "" {
				var exit *ssh.ExitError
				require.ErrorAs(t, err, &exit)
				assert.Equal(t, tt.signal, exit.Signal())
			} else {
				require.NoError(t, err)
			}
			assert.Equal(t, tt.stdout, stdout.String())
			assert.Equal(t, tt.stderr, stderr.String())
			assert.Equal(t, tt.command, r.Command)
			assert.Equal(t, tt.argv, r.Argv)
			assert.Equal(t, bastion.Exec, r.Kind)
			assert.Equal(t, "web1", r.Host)
			assert.Equal(t, tt.signal, r.Signal)
			if tt.signal == "" {
				require.NotNil(t, r.ExitStatus)
				assert.Equal(t, tt.exit, *r.ExitStatus)
			} else {
				assert.Nil(t, r.ExitStatus)
			}
			assert.Empty(t, r.Error)
			assert.EqualValues(t, []int{len(tt.stdin), len(tt.stdout), len(tt.stderr)}, []int{int(r.Stdin), int(r.Stdout), int(r.Stderr)})
		})
	}
}

func TestSignalOfTheClient(t *testing.T) {
	t.Parallel()
	w := start(t, nil)
	s := newSession(t, w.mustClient(t))
	out, err := s.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, s.Start("echo up; exec sleep 60"))
	_, err = io.ReadFull(out, make([]byte, 3))
	require.NoError(t, err)
	require.NoError(t, s.Signal(ssh.SIGTERM))
	require.Error(t, s.Wait())
	assert.Equal(t, "TERM", w.last(t).Signal)
}

// What is told to the observer before a command could have had any effect
// cannot be lost by what the command does.
func TestObservedBeforeForwarded(t *testing.T) {
	t.Parallel()
	proof := filepath.Join(t.TempDir(), "proof")
	var mu sync.Mutex
	var seen []bastion.Record
	w := start(t, func(c *bastion.Config) {
		c.Observe = func(r bastion.Record) {
			mu.Lock()
			defer mu.Unlock()
			if r.Ended.IsZero() {
				assert.NoFileExists(t, proof)
			}
			seen = append(seen, r)
		}
	})
	require.NoError(t, newSession(t, w.mustClient(t)).Run("touch "+proof))
	assert.FileExists(t, proof)
	require.NoError(t, w.Close())
	require.Len(t, seen, 2)
	assert.True(t, seen[0].Ended.IsZero())
	assert.Nil(t, seen[0].ExitStatus)
	assert.False(t, seen[1].Ended.IsZero())
	assert.Equal(t, 0, *seen[1].ExitStatus)
	assert.Equal(t, 1, seen[0].Seq)
	assert.Equal(t, 1, seen[1].Seq)
}

func TestRecordsInOrder(t *testing.T) {
	t.Parallel()
	w := start(t, nil)
	client := w.mustClient(t)
	for _, c := range []string{"true", "false", "echo three"} {
		_ = newSession(t, client).Run(c)
	}
	var got []string
	for i, r := range w.Commands() {
		assert.Equal(t, i+1, r.Seq)
		got = append(got, r.Command)
	}
	assert.Equal(t, []string{"true", "false", "echo three"}, got)
}

func TestEnvironmentIsFiltered(t *testing.T) {
	t.Parallel()
	w := start(t, nil)
	s := newSession(t, w.mustClient(t))
	require.NoError(t, s.Setenv("LC_ALL", "C.UTF-8"))
	require.Error(t, s.Setenv("LD_PRELOAD", "/tmp/evil.so"))
	out, err := s.Output("env")
	require.NoError(t, err)
	assert.Contains(t, string(out), "LC_ALL=C.UTF-8")
	assert.NotContains(t, string(out), "LD_PRELOAD")
}

func TestInteractiveShell(t *testing.T) {
	t.Parallel()
	w := start(t, nil)
	s := newSession(t, w.mustClient(t))
	require.NoError(t, s.RequestPty("xterm", 30, 100, ssh.TerminalModes{}))
	in, err := s.StdinPipe()
	require.NoError(t, err)
	var out bytes.Buffer
	s.Stdout = &out
	require.NoError(t, s.Shell())
	require.NoError(t, s.WindowChange(40, 120))
	const until = "until stty size | grep '40 120'; do sleep 0.01; done"
	_, err = io.WriteString(in, "echo hexx\x7f\x7fllo\r\x1b[A\x15"+until+"\rexit 5\r")
	require.NoError(t, err)
	var exit *ssh.ExitError
	require.ErrorAs(t, s.Wait(), &exit)
	assert.Equal(t, 5, exit.ExitStatus())

	r := w.last(t)
	assert.Equal(t, bastion.Shell, r.Kind)
	assert.Equal(t, []string{"echo hello", until, "exit 5"}, r.Typed)
	assert.Equal(t, [][]string{{"echo", "hello"}, {"sh", "-c", until}, {"exit", "5"}}, r.Ran())
	assert.Contains(t, out.String(), "40 120\r\n")
	cast, err := os.ReadFile(r.Terminal)
	require.NoError(t, err)
	assert.Contains(t, string(cast), `"width":100`)
	assert.Contains(t, string(cast), "40 120")
	assert.Contains(t, string(cast), `"r","120x40"`)
	assert.False(t, r.Truncated)
}

func TestScriptOnStandardInput(t *testing.T) {
	t.Parallel()
	for _, command := range []string{"sh -s", "env A=b sh", "cat"} {
		t.Run(command, func(t *testing.T) {
			t.Parallel()
			w := start(t, nil)
			s := newSession(t, w.mustClient(t))
			s.Stdin = strings.NewReader("echo one\necho two\n")
			require.NoError(t, s.Run(command))
			r := w.last(t)
			if command == "cat" {
				assert.Empty(t, r.Typed)
				assert.Empty(t, r.Terminal)
				return
			}
			assert.Equal(t, []string{"echo one", "echo two"}, r.Typed)
			assert.Equal(t, [][]string{r.Argv, {"echo", "one"}, {"echo", "two"}}, r.Ran())
			assert.FileExists(t, r.Terminal)
		})
	}
}

func TestTerminalIsBounded(t *testing.T) {
	t.Parallel()
	w := start(t, func(c *bastion.Config) { c.Limits.Terminal = 4096 })
	s := newSession(t, w.mustClient(t))
	require.NoError(t, s.RequestPty("xterm", 30, 100, ssh.TerminalModes{}))
	out, err := s.Output("head -c 1000000 /dev/zero | tr '\\0' x")
	require.NoError(t, err)
	assert.Len(t, out, 1_000_000, "what is not recorded is forwarded all the same")
	r := w.last(t)
	assert.True(t, r.Truncated)
	assert.EqualValues(t, 1_000_000, r.Stdout)
	info, err := os.Stat(r.Terminal)
	require.NoError(t, err)
	assert.Less(t, info.Size(), int64(8192))
}

func TestSFTP(t *testing.T) {
	t.Parallel()
	w := start(t, nil)
	client, err := sftp.NewClient(w.mustClient(t))
	require.NoError(t, err)
	f, err := client.Create("hello")
	require.NoError(t, err)
	_, err = f.Write([]byte("content"))
	require.NoError(t, err)
	require.NoError(t, f.Close())
	require.NoError(t, client.Close())
	data, err := os.ReadFile(filepath.Join(w.guest.Home, "hello"))
	require.NoError(t, err)
	assert.Equal(t, "content", string(data))
	r := w.last(t)
	assert.Equal(t, bastion.Subsystem, r.Kind)
	assert.Equal(t, []string{"sftp"}, r.Argv)
}

// A Sandbox wraps what it runs; the record holds what was wrapped.
func TestSandboxIsObservedWithoutItsWrapper(t *testing.T) {
	t.Parallel()
	w := start(t, nil)
	s := w.sandbox(t)
	res, err := s.Exec(t.Context(), providers.Command{Argv: []string{"printf", "%s", "it's; fine"}})
	require.NoError(t, err)
	assert.Equal(t, "it's; fine", string(res.Stdout))
	_, err = s.Exec(t.Context(), providers.Command{Argv: []string{"sh", "-c", "exit 4"}, Env: []string{"A=b"}})
	require.NoError(t, err)
	all := w.Commands()
	require.Len(t, all, 2)
	assert.Equal(t, []string{"printf", "%s", "it's; fine"}, all[0].Argv)
	assert.Equal(t, []string{"env", "A=b", "sh", "-c", "exit 4"}, all[1].Argv)
	assert.Equal(t, 4, *all[1].ExitStatus)
}

// A line that only looks like the wrapper must not hide what it runs.
func TestForgedWrapperIsRecordedAsItIs(t *testing.T) {
	t.Parallel()
	line, err := providers.Launch{Nonce: "n1", User: "agent", Argv: []string{"true"}}.Line()
	require.NoError(t, err)
	for name, forged := range map[string]string{
		"a program before the shell": strings.Replace(line, "'/bin/sh'", "'echo' '/bin/sh'", 1),
		"a second command":           line + "; echo evil",
		"another script":             strings.Replace(line, "exec \"$@\"", "echo evil", 1),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.NotEqual(t, line, forged)
			w := start(t, nil)
			_ = newSession(t, w.mustClient(t)).Run(forged)
			r := w.last(t)
			assert.Equal(t, forged, r.Command)
			assert.NotEqual(t, []string{"true"}, r.Argv)
		})
	}
}

func TestGuestReboots(t *testing.T) {
	t.Parallel()
	w := start(t, nil)
	client := w.mustClient(t)
	s := newSession(t, client)
	out, err := s.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, s.Start("echo up; exec sleep 60"))
	_, err = io.ReadFull(out, make([]byte, 3))
	require.NoError(t, err)

	w.guest.SetDown(true)
	w.guest.Reset()
	var missing *ssh.ExitMissingError
	require.ErrorAs(t, s.Wait(), &missing)
	assert.NotEmpty(t, w.last(t).Error)

	time.AfterFunc(100*time.Millisecond, func() { w.guest.SetDown(false) })
	again, err := newSession(t, client).Output("echo back")
	require.NoError(t, err)
	assert.Equal(t, "back\n", string(again))
}

func TestClientThatLeavesEndsItsCommand(t *testing.T) {
	t.Parallel()
	w := start(t, nil)
	client := w.mustClient(t)
	s := newSession(t, client)
	out, err := s.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, s.Start("echo up; exec sleep 60"))
	_, err = io.ReadFull(out, make([]byte, 3))
	require.NoError(t, err)
	require.NoError(t, client.Close())
	assert.NotEmpty(t, w.last(t).Error)
}

func TestCloseCompletesTheRecords(t *testing.T) {
	t.Parallel()
	w := start(t, nil)
	s := newSession(t, w.mustClient(t))
	out, err := s.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, s.Start("echo up; exec sleep 60"))
	_, err = io.ReadFull(out, make([]byte, 3))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	require.Len(t, w.Commands(), 1)
	r := w.Commands()[0]
	assert.False(t, r.Ended.IsZero())
	assert.EqualValues(t, 3, r.Stdout)
	assert.NotEmpty(t, r.Error)
	assert.NoFileExists(t, w.Socket())
	assert.NoFileExists(t, w.SSHConfigPath())
}
