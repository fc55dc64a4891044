package providers_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	"github.com/benchtest-dev/benchtest/providers"
)

type text struct{ Text string }

// sudo stands in for sudo: it says who is to be, and runs the rest. The real
// one is asked by the conformance of provider host.
const sudo = `#!/bin/sh
[ "$1 $2 $3" = "-n -H -u" ] || exit 99
echo "as $4"; shift 4
[ "$1" != -i ] || exec echo "a shell"
exec "$@"
`

func TestAccess_Start(t *testing.T) {
	t.Parallel()
	bin := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(bin, "sudo"), []byte(sudo), 0o755))
	line, err := providers.Launch{Nonce: "n", User: "root", Argv: []string{"printf", "%s|", `it's $HOME \ "q"`, ""}}.Line()
	require.NoError(t, err)
	become := providers.Access{User: "root", Login: "deploy"}
	for _, tc := range []struct {
		name, kind, text, want string
	}{
		{"a line of a person's", "exec", `echo "it's" '$HOME' \\`, "as root\nit's $HOME \\\n"},
		{"a line of ours", "exec", line, "as root\nn\nit's $HOME \\ \"q\"||"},
		{"a shell", "shell", "", "as root\na shell\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			kind, payload := become.Start(tc.kind, ssh.Marshal(text{tc.text}))
			require.Equal(t, "exec", kind)
			var sent text
			require.NoError(t, ssh.Unmarshal(payload, &sent))
			cmd := exec.CommandContext(t.Context(), "/bin/sh", "-c", sent.Text)
			cmd.Env = []string{"PATH=" + bin + ":/usr/bin:/bin", "HOME=" + bin}
			got, err := cmd.Output()
			require.NoError(t, err)
			assert.Equal(t, tc.want, string(got))
		})
	}
}

func TestAccess_Start_passes(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, kind string
		access     providers.Access
	}{
		{"the server lets the user in", "exec", providers.Access{User: "agent"}},
		{"the same by another word", "exec", providers.Access{User: "root", Login: "root"}},
		{"another subsystem", "subsystem", providers.Access{User: "root", Login: "deploy"}},
		{"no start", "pty-req", providers.Access{User: "root", Login: "deploy"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			payload := ssh.Marshal(text{"netconf"})
			kind, got := tc.access.Start(tc.kind, payload)
			assert.Equal(t, tc.kind, kind)
			assert.Equal(t, payload, got)
		})
	}
}
