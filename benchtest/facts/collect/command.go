//go:build linux

package collect

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

// command runs a command line in the guest. It is the only collector that
// starts a program of the guest's.
func command(ctx context.Context, s *session, q facts.Query) (finding, error) {
	if q.Subject == "" {
		return finding{}, errors.New("command: nothing to run")
	}
	ctx, cancel, err := withTimeout(ctx, q)
	if err != nil {
		return finding{}, err
	}
	defer cancel()
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", q.Subject)
	if err := s.runAs(ctx, cmd, q.As); err != nil {
		return finding{}, err
	}
	stdout, stderr := &boundedBuffer{limit: s.maxBytes()}, &boundedBuffer{limit: s.maxBytes()}
	cmd.Stdout, cmd.Stderr = stdout, stderr
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	// What it leaves in the background may hold its output open for ever.
	cmd.WaitDelay = grace / 2
	err = cmd.Run()
	if cmd.ProcessState == nil {
		return finding{}, fmt.Errorf("run command: %w", err)
	}
	found := finding{attrs: map[string]any{
		"exit-status": cmd.ProcessState.ExitCode(), // -1 when a signal ended it
		"stdout":      stdout.String(),
		"stderr":      stderr.String(),
	}}
	found.truncated = stdout.cut || stderr.cut
	found.raw = cmd.ProcessState.String()
	if ctx.Err() != nil {
		found.attrs["exit-status"] = -1
		found.raw = "killed at its limit"
	}
	return found, nil
}

// runAs makes cmd run as the named user, root when it is empty, with an
// environment of its own.
func (s *session) runAs(ctx context.Context, cmd *exec.Cmd, name string) error {
	if name == "" {
		name = "root"
	}
	names, err := s.readAccounts(ctx)
	if err != nil {
		return err
	}
	u, ok := names.user(name)
	if !ok {
		return fmt.Errorf("run as %s: no such user", name)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if uint32(os.Geteuid()) != u.uid {
		if os.Geteuid() != 0 {
			return fmt.Errorf("run as %s: the probe must be started as root", name)
		}
		credential := &syscall.Credential{Uid: u.uid, Gid: u.gid}
		for _, g := range names.groupsOf(u) {
			credential.Groups = append(credential.Groups, g.gid)
		}
		cmd.SysProcAttr.Credential = credential
	}
	cmd.Dir = "/"
	if st, err := s.env.Root.Stat(u.home); err == nil && st.Mode&syscall.S_IFMT == syscall.S_IFDIR {
		cmd.Dir = u.home
	}
	cmd.Env = []string{
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"HOME=" + u.home, "USER=" + u.name, "LOGNAME=" + u.name, "SHELL=" + u.shell, "LANG=C.UTF-8",
	}
	return nil
}

// A boundedBuffer keeps the first limit bytes and swallows the rest.
type boundedBuffer struct {
	bytes.Buffer
	limit int
	cut   bool
}

func (b *boundedBuffer) Write(p []byte) (int, error) {
	keep := min(len(p), b.limit-b.Len())
	b.cut = b.cut || keep < len(p)
	b.Buffer.Write(p[:keep])
	return len(p), nil
}
