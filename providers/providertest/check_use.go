package providertest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/providers"
)

// testCommands: what a command is given and says comes through.
func (s *suite) testCommands(t *testing.T) {
	t.Parallel()
	_, sb := s.ready(t)
	const weird = "it's $HOME `x` \\ \"q\" !\n\ttab *"
	for _, tt := range []struct {
		name string
		c    providers.Command
		want providers.Result
	}{
		{"exit 0", providers.Command{Argv: []string{"true"}}, providers.Result{}},
		{"exit 3", providers.Command{Argv: []string{"/bin/sh", "-c", "exit 3"}}, providers.Result{ExitStatus: 3}},
		{"signal", providers.Command{Argv: []string{"/bin/sh", "-c", "kill -TERM $$"}}, providers.Result{ExitStatus: -1, Signal: "TERM"}},
		{"arguments", providers.Command{Argv: []string{"printf", "%s|", weird, ""}}, providers.Result{Stdout: []byte(weird + "||")}},
		{"input", providers.Command{Argv: []string{"cat"}, Stdin: strings.NewReader(weird)}, providers.Result{Stdout: []byte(weird)}},
		{
			"output",
			providers.Command{Argv: []string{"/bin/sh", "-c", "echo e >&2; head -c 20000000 /dev/zero | tr '\\0' x"}, MaxOutput: 10},
			providers.Result{Stdout: []byte("xxxxxxxxxx"), StdoutTruncated: true, Stderr: []byte("e\n")},
		},
		{"environment", providers.Command{Argv: []string{"/bin/sh", "-c", `echo "$A$USER"`}, Env: []string{"A=b"}}, providers.Result{Stdout: []byte("broot\n")}},
	} {
		tt.c.Limit = s.Patience
		got, err := sb.Exec(t.Context(), tt.c)
		if assert.NoError(t, err, tt.name) {
			got.Duration = 0
			assert.Equal(t, texts(tt.want), texts(got), tt.name)
		}
	}
}

// texts makes nil and empty output alike, and legible.
func texts(r providers.Result) [2]any {
	out := [2]string{string(r.Stdout), string(r.Stderr)}
	r.Stdout, r.Stderr = nil, nil
	return [2]any{r, out}
}

// testLimit: at its limit a command is killed with all of its session, a
// process group of a grandchild's own included.
func (s *suite) testLimit(t *testing.T) {
	t.Parallel()
	_, sb := s.ready(t)
	const script = `sleep 987 & echo $!; /bin/sh -c 'set -m; sleep 988 & echo $!; wait' & wait`
	began := time.Now()
	r, err := sb.Exec(t.Context(), providers.Command{Argv: []string{"/bin/sh", "-c", script}, Limit: time.Second})
	require.NoError(t, err)
	assert.Less(t, time.Since(began), 3*time.Second, "limit and two seconds")
	assert.True(t, r.TimedOut)
	assert.Equal(t, -1, r.ExitStatus)
	pids := strings.Fields(string(r.Stdout))
	require.Len(t, pids, 2)
	assert.Eventually(t, func() bool {
		// A zombie that waits for its reaper is dead enough.
		const alive = `for p; do s=; { read -r s </proc/$p/stat; } 2>/dev/null; case ${s##*) } in ''|Z*|X*) ;; *) exit 1;; esac; done`
		r, err := sb.Exec(t.Context(), providers.Command{Argv: append([]string{"/bin/sh", "-c", alive, "sh"}, pids...), Limit: 5 * time.Second})
		return err == nil && r.ExitStatus == 0
	}, 5*time.Second, 50*time.Millisecond, "processes %v are gone", pids)
	assert.Equal(t, 1, sb.Connections(), "an honest guest keeps its connection")
}

// testFiles: what goes up comes down, with its mode and within bounds.
func (s *suite) testFiles(t *testing.T) {
	t.Parallel()
	_, sb := s.ready(t)
	ctx := s.patience(t)
	data := make([]byte, 3<<20+17)
	rng := rand.NewChaCha8([32]byte{1})
	_, _ = rng.Read(data)
	sum := sha256.Sum256(data)
	const path = "some/new/dirs/file"
	for _, mode := range []os.FileMode{0o600, 0o755, 0o640} { // the later ones replace
		require.NoError(t, sb.Upload(ctx, bytes.NewReader(data), path, mode))
		assert.Equal(t, mode.String()[1:], s.output(t, sb, "stat", "-c", "%A", path)[1:])
	}
	assert.Equal(t, hex.EncodeToString(sum[:]), s.shell(t, sb, `sha256sum <"$1" | cut -d' ' -f1`, path))
	assert.Equal(t, "1", s.shell(t, sb, `ls some/new/dirs | wc -l`), "nothing beside it")

	var back bytes.Buffer
	require.NoError(t, sb.Download(ctx, path, &back, int64(len(data))))
	assert.True(t, bytes.Equal(data, back.Bytes()))
	back.Reset()
	err := sb.Download(ctx, path, &back, 1000)
	require.ErrorIs(t, err, providers.ErrTooLarge)
	assert.Equal(t, 1000, back.Len())
	require.ErrorIs(t, sb.Download(ctx, "no/such/file", &back, 1), os.ErrNotExist)
	s.shell(t, sb, `mkfifo pipe`)
	require.ErrorContains(t, sb.Download(ctx, "pipe", &back, 1), "not a regular file")
}

// testKeys: a machine shows the host key it was given, and lets in the users
// whose keys it was given.
func (s *suite) testKeys(t *testing.T) {
	t.Parallel()
	m, keys := s.clone(t, s.New(t), "web1")
	root := s.open(t, m, "web1", providers.AccessTo(m, keys, "root"))
	require.NoError(t, root.WaitReady(s.patience(t)))
	assert.Equal(t, "root", s.shell(t, root, `echo $USER`))
	agent := s.open(t, m, "web1", providers.AccessTo(m, keys, "agent"))
	assert.Equal(t, "agent", s.shell(t, agent, `echo $USER`))
	if s.Caps.Lend { // whose users are the owner's word, and sudo's
		assert.Equal(t, "root", s.output(t, root, "id", "-un"))
		assert.Equal(t, "agent", s.output(t, agent, "id", "-un"))
		assert.Equal(t, "root", s.output(t, agent, "sudo", "-n", "id", "-un"))
	}

	other, err := providers.NewKeyRing()
	require.NoError(t, err)
	wrong := providers.AccessTo(m, keys, "root")
	wrong.HostKey = other.HostKey
	began := time.Now()
	_, err = providers.Open(s.patience(t), m, "web1", wrong, providers.SandboxOptions{})
	require.ErrorIs(t, err, providers.ErrHostKey)
	assert.Less(t, time.Since(began), 5*time.Second, "a wrong host key is not waited on")
	wrong.HostKey = providers.AccessTo(m, keys, "root").HostKey
	wrong.Key = keys.Agent.Signer // which a lent machine has never heard of
	_, err = providers.Open(s.patience(t), m, "web1", wrong, providers.SandboxOptions{ConnectLimit: providers.Stretch(s.New(t), 2*time.Second)})
	require.ErrorContains(t, err, "unable to authenticate", "the agent's key is not root's")
}

// testReboot: the disk survives, the boot does not, and the same Sandbox
// works on.
func (s *suite) testReboot(t *testing.T) {
	s.need(t, "Reboot", s.Caps.Reboot)
	t.Parallel()
	_, sb := s.ready(t)
	s.shell(t, sb, `echo kept >state; sync`)
	before, err := sb.BootID(t.Context())
	require.NoError(t, err)
	require.NoError(t, sb.Reboot(s.patience(t)))
	between, err := sb.BootID(s.patience(t))
	require.NoError(t, err)
	assert.NotEqual(t, before, between)
	require.NoError(t, sb.WaitReady(s.patience(t)))
	assert.Equal(t, "kept", s.output(t, sb, "cat", "state"))

	_, err = sb.Exec(t.Context(), providers.Command{Argv: []string{"systemctl", "reboot"}, Limit: 5 * time.Second})
	if err != nil {
		require.ErrorIs(t, err, providers.ErrLost)
	}
	assert.Eventually(t, func() bool {
		now, err := sb.BootID(t.Context())
		return err == nil && now != between
	}, s.Patience, 50*time.Millisecond, "rebooted from inside")
	assert.Equal(t, "kept", s.output(t, sb, "cat", "state"))
}
