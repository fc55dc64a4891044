package lima

import (
	"bytes"
	"context"
	"crypto/rand"
	_ "embed"
	"encoding/base64"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/guest"
)

var (
	//go:embed adopt.sh
	adoptScript string
	//go:embed settle.sh
	settleScript string
)

// closeScript takes the ways out of a guest that QEMU lets nowhere anyway, so
// that it is told so at once instead of waiting for answers.
const closeScript = `
ip -4 route flush default || true
ip -6 route flush default 2>/dev/null || true
rm -f /etc/resolv.conf
echo '# network: none' >/etc/resolv.conf
`

// wakeScript brings a guest that goes on from a saved state into the present:
// the clock, and random numbers that no other copy has.
func wakeScript(now time.Time) string {
	seed := make([]byte, 64)
	_, _ = rand.Read(seed) // never fails
	// What is mixed in counts at once after RNDRESEEDCRNG.
	return fmt.Sprintf("date -u -s @%d.%09d >/dev/null\n", now.Unix(), now.Nanosecond()) +
		"echo " + base64.StdEncoding.EncodeToString(seed) + " | base64 -d >/dev/urandom\n" +
		"perl -e 'open F, \">\", \"/dev/urandom\"; ioctl F, 0x5207, 0' || true\n"
}

// identityScript makes of a copy a machine of its own: clock, random numbers,
// names, machine ID and keys. It restarts the SSH server, which does not cut
// the connection that it came by.
func identityScript(files []guest.File, hostName string, network providers.Network) string {
	var b strings.Builder
	b.WriteString("set -eu\n" + wakeScript(time.Now()))
	for _, f := range files {
		writeFile(&b, f)
	}
	fmt.Fprintf(&b, "hostname %s\n", providers.ShellWord(hostName))
	if network != providers.NetworkOpen {
		b.WriteString(closeScript)
	}
	// The journal's directory has the machine ID for a name.
	b.WriteString("rm -rf /var/log/journal/*\nsystemctl restart systemd-journald\nsystemctl restart ssh\n")
	return b.String()
}

// writeFile is the lines that write f in one step.
func writeFile(b *strings.Builder, f guest.File) {
	name := providers.ShellWord("/" + f.Name)
	tmp := providers.ShellWord("/" + f.Name + ".benchtest")
	dir := providers.ShellWord("/" + path.Dir(f.Name))
	if strings.HasSuffix(path.Dir(f.Name), "/.ssh") {
		fmt.Fprintf(b, "mkdir -p -m 700 %s\nchown %d:%d %s\n", dir, f.UID, f.GID, dir)
	}
	fmt.Fprintf(b, "echo %s | base64 -d >%s\nchown %d:%d %s\nchmod %o %s\nmv -f %s %s\n",
		base64.StdEncoding.EncodeToString(f.Data), tmp, f.UID, f.GID, tmp, f.Mode.Perm(), tmp, tmp, name)
}

// run runs a script of ours as root in a guest, and returns what it printed.
func run(ctx context.Context, root *providers.Sandbox, script string) ([]byte, error) {
	return runFor(ctx, root, script, time.Minute)
}

func runFor(ctx context.Context, root *providers.Sandbox, script string, limit time.Duration) ([]byte, error) {
	r, err := root.Exec(ctx, providers.Command{Argv: []string{"/bin/sh", "-s"}, Stdin: strings.NewReader(script), Limit: limit})
	switch {
	case err != nil:
		return nil, err
	case r.TimedOut:
		return nil, fmt.Errorf("it did not end within %s", limit)
	case r.ExitStatus != 0:
		return nil, fmt.Errorf("exit status %d: %s", r.ExitStatus, bytes.TrimSpace(r.Stderr))
	}
	return r.Stdout, nil
}

// hostKeyOf is the public half of a CloneSpec's host key, as a line.
func hostKeyOf(k providers.Keys) (string, error) {
	if len(k.HostKey) == 0 {
		return "", errors.New("no host key to give it")
	}
	signer, err := ssh.ParsePrivateKey(k.HostKey)
	if err != nil {
		return "", fmt.Errorf("host key: %w", err)
	}
	return keyLine(signer.PublicKey()), nil
}
