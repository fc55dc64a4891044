package lima

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/rand"
	_ "embed"
	"encoding/base64"
	"errors"
	"fmt"
	"path"
	"runtime"
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
// random numbers that no other copy has, and the clock. Each program that it
// starts costs an emulated guest a fifth of a second, so there is one.
func wakeScript(now time.Time) string {
	seed := make([]byte, 64)
	_, _ = rand.Read(seed) // never fails
	// What is mixed in counts at once after RNDRESEEDCRNG.
	return "echo " + base64.StdEncoding.EncodeToString(seed) + " >/dev/urandom\n" +
		fmt.Sprintf("perl -e 'open F, \">\", \"/dev/urandom\"; ioctl F, 0x5207, 0; $t = pack(\"qq\", %d, %d); exit(syscall(%d, 0, $t) != 0)'",
			now.Unix(), now.Nanosecond(), clockSettime()) +
		fmt.Sprintf(" || date -u -s @%d.%09d >/dev/null\n", now.Unix(), now.Nanosecond())
}

// clockSettime is the number of clock_settime in the guest's kernel, which is
// for this machine's processor.
func clockSettime() int {
	if runtime.GOARCH == "amd64" {
		return 227
	}
	return 112 // of arm64, riscv64 and all younger ones
}

// identityScript makes of a copy a machine of its own: clock, random numbers,
// names, machine ID and keys. It restarts the SSH server, which does not cut
// the connection that it came by.
func identityScript(files []guest.File, hostName string, network providers.Network) (string, error) {
	tarball, err := archive(files)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString("set -eu\n" + wakeScript(time.Now()))
	fmt.Fprintf(&b, "echo %s | base64 -d | tar -x -p --numeric-owner -C /\n", base64.StdEncoding.EncodeToString(tarball))
	fmt.Fprintf(&b, "hostname %s\n", providers.ShellWord(hostName))
	if network != providers.NetworkOpen {
		b.WriteString(closeScript)
	}
	// The journal's directory has the machine ID for a name.
	b.WriteString("rm -rf /var/log/journal/*\nsystemctl restart systemd-journald\nsystemctl restart ssh\n")
	return b.String(), nil
}

// archive is files as a tarball, for one tar to unpack: it replaces each in one
// step.
func archive(files []guest.File) ([]byte, error) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range files {
		if dir := path.Dir(f.Name); path.Base(dir) == ".ssh" {
			h := tar.Header{Typeflag: tar.TypeDir, Name: dir + "/", Mode: 0o700, Uid: f.UID, Gid: f.GID, ModTime: time.Now()}
			if err := w.WriteHeader(&h); err != nil {
				return nil, err
			}
		}
		h := tar.Header{Name: f.Name, Mode: int64(f.Mode.Perm()), Uid: f.UID, Gid: f.GID, Size: int64(len(f.Data)), ModTime: time.Now()}
		if err := w.WriteHeader(&h); err != nil {
			return nil, err
		}
		if _, err := w.Write(f.Data); err != nil {
			return nil, err
		}
	}
	err := w.Close()
	return b.Bytes(), err
}

// run runs a script of ours as root in a guest, and returns what it printed. Its
// limit is for one that is emulated on a busy machine.
func run(ctx context.Context, root *providers.Sandbox, script string) ([]byte, error) {
	const scriptLimit = 4 * time.Minute
	return runFor(ctx, root, script, scriptLimit)
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
