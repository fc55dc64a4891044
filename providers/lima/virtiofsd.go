package lima

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/guest"
)

// virtiofsdRemedy: what ours are told came with this version.
const virtiofsdRemedy = "install virtiofsd 1.13 or later (apt-get install virtiofsd, from Debian 13 on)"

// findVirtiofsd looks where distributions have it, since most keep it out of
// PATH.
func findVirtiofsd() (string, error) {
	for _, name := range []string{"virtiofsd", "/usr/libexec/virtiofsd", "/usr/lib/virtiofsd"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("provider lima shows directories by virtiofsd, which is not here: " + virtiofsdRemedy)
}

// canShare is nil, or says what keeps this driver from showing directories.
func (p *Provider) canShare() error {
	if runtime.GOOS != "linux" || !p.tool.settings.usesQEMU() {
		return errors.New("provider lima shows directories with QEMU on Linux alone, as yet: copy files in (sandbox cp)")
	}
	_, err := findVirtiofsd()
	return err
}

// serveShares starts what serves the shares of a machine that is about to start,
// and returns when QEMU can connect. One that ends fails the start; later it
// ends with QEMU, and killMarked finds it too.
func (p *Provider) serveShares(ctx context.Context, t tool, b bootSpec, fail context.CancelCauseFunc) error {
	if len(b.mounts) == 0 {
		return nil
	}
	program, err := findVirtiofsd()
	if err != nil {
		return err
	}
	for _, m := range b.mounts {
		if err := p.serveShare(ctx, t, b, program, m, fail); err != nil {
			return fmt.Errorf("mount %s: %w", m.Host, err)
		}
	}
	for _, m := range b.mounts {
		if err := awaitFile(ctx, filepath.Join(t.dir(b.instance), tagOf(m)+".sock")); err != nil {
			return fmt.Errorf("mount %s: %w", m.Host, err)
		}
	}
	return nil
}

func (p *Provider) serveShare(ctx context.Context, t tool, b bootSpec, program string, m providers.Mount, fail context.CancelCauseFunc) error {
	dir, err := openShare(m)
	if err != nil {
		return err
	}
	defer dir.Close()
	base := filepath.Join(t.dir(b.instance), tagOf(m))
	if err := os.Remove(base + ".sock"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	log, err := os.Create(base + ".log")
	if err != nil {
		return err
	}
	defer log.Close()
	// It outlives the call, as the machine does.
	cmd := exec.CommandContext(context.WithoutCancel(ctx), program, virtiofsdArgs(base+".sock", m, b.agent)...)
	cmd.Env = append(os.Environ(), markName+"="+t.dir(b.instance))
	cmd.Dir = fmt.Sprintf("/proc/self/fd/%d", dir.Fd()) // the directory that was looked at, whatever has its name now
	cmd.Stderr = log
	group(cmd)
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start virtiofsd: %w", err)
	}
	go func() {
		if err := cmd.Wait(); err != nil {
			said, _ := os.ReadFile(log.Name())
			fail(fmt.Errorf("mount %s: virtiofsd: %w: %s; %s", m.Host, err, complaint(said), virtiofsdRemedy))
		}
	}()
	return nil
}

// virtiofsdArgs serve the current directory. What the user owns is the agent's
// in the guest, and whoever writes there writes as the user: this process has no
// other rights.
func virtiofsdArgs(socket string, m providers.Mount, agent guest.User) []string {
	args := []string{"--socket-path=" + socket, "--shared-dir=.", "--log-level=error"}
	for _, id := range []struct {
		kind         string
		mine, theirs int
	}{{"uid", os.Getuid(), agent.UID}, {"gid", os.Getgid(), agent.GID}} {
		args = append(args,
			fmt.Sprintf("--translate-%s=squash-guest:0:%d:4294967295", id.kind, id.mine),
			fmt.Sprintf("--translate-%s=host:%d:%d:1", id.kind, id.mine, id.theirs))
	}
	if !m.Writable {
		args = append(args, "--readonly")
	}
	return args
}

// awaitFile waits until there is a file of that name.
func awaitFile(ctx context.Context, path string) error {
	for {
		if _, err := os.Stat(path); err == nil {
			return nil
		}
		if providers.Pause(ctx, bootPoll) != nil {
			return context.Cause(ctx)
		}
	}
}
