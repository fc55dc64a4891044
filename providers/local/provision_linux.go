package local

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"time"

	runc "github.com/containerd/go-runc"
	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/benchtest-dev/benchtest/providers"
)

// provisionDir is where a template's own files are in the guest while it is
// provisioned.
const provisionDir = "var/lib/benchtest-build"

// provision boots the template as a clone would be, without a network, and
// runs its provisioning in it.
func (b *build) provision(ctx context.Context) (err error) {
	switch b.t.Provision {
	case "":
		return nil
	case "provision.sh":
	default:
		return fmt.Errorf("provision %q: want provision.sh", b.t.Provision)
	}
	b.progress("provisioning with " + b.t.Provision)
	m, err := b.p.launch(ctx, b.rec, providers.Keys{})
	if err != nil {
		return err
	}
	defer func() {
		undo, cancel := context.WithTimeout(context.WithoutCancel(ctx), destroyLimit)
		defer cancel()
		err = errors.Join(err, m.Destroy(undo))
	}()
	if err := copyIn(b.t.Files, dirOf(b.rec.ID).root()); err != nil {
		return err
	}
	if err := b.awaitSystem(ctx); err != nil {
		return err
	}
	if err := b.exec(ctx, b.log, "/bin/sh", "-c", "chmod +x "+b.t.Provision+" && exec ./"+b.t.Provision); err != nil {
		return fmt.Errorf("%s: %w", b.t.Provision, err)
	}
	return m.powerOff(ctx)
}

// awaitSystem returns when the guest's systemd has started all it will. A
// failed unit is the ready rules' business, not ours.
func (b *build) awaitSystem(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, time.Minute, errors.New("the guest's systemd is not ready"))
	defer cancel()
	for {
		var out bytes.Buffer
		err := b.exec(ctx, &out, "systemctl", "is-system-running", "--wait")
		if state := string(bytes.TrimSpace(out.Bytes())); state == "running" || state == "degraded" {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(context.Cause(ctx), err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// exec runs a command in the build's guest, in the directory of the
// template's files.
func (b *build) exec(ctx context.Context, out io.Writer, argv ...string) error {
	hs, err := hostHierarchies()
	if err != nil {
		return err
	}
	caps, err := guestCapabilities()
	if err != nil {
		return err
	}
	c := containerOf(b.rec, hs)
	process := specs.Process{
		Args: argv, Cwd: "/" + provisionDir,
		Env:          []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LANG=C.UTF-8", "DEBIAN_FRONTEND=noninteractive"},
		Capabilities: &specs.LinuxCapabilities{Bounding: caps, Effective: caps, Permitted: caps},
	}
	if err := c.runc.Exec(ctx, c.id, process, &runc.ExecOpts{IO: &stdio{out: out}}); err != nil {
		return c.explain(err)
	}
	return nil
}

// copyIn copies a template's files into the guest, as the guest's root's.
func copyIn(files fs.FS, rootPath string) error {
	root, err := os.OpenRoot(rootPath)
	if err != nil {
		return fmt.Errorf("copy files: %w", err)
	}
	defer root.Close()
	err = fs.WalkDir(files, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		return guestFile{name: path.Join(provisionDir, name), mode: 0o644, data: data}.write(root)
	})
	if err != nil {
		return fmt.Errorf("copy files: %w", err)
	}
	return nil
}

// powerOff shuts the guest down in order, so that what it has in memory is on
// disk, and returns when it is off.
func (m *Machine) powerOff(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, time.Minute, errors.New("the guest does not power off"))
	defer cancel()
	init, err := m.running()
	if err != nil {
		return err
	}
	// What systemd as PID 1 takes for "start poweroff.target": SIGRTMIN+4.
	if err := init.signal(unix.Signal(34 + 4)); err != nil {
		return err
	}
	return init.wait(ctx)
}
