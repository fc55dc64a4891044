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
	"path/filepath"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/ansible"
	"github.com/benchtest-dev/benchtest/providers/bastion"
	"github.com/benchtest-dev/benchtest/providers/guest"
)

// provision boots the template as a clone would be, without a network, and
// runs its provisioning in it.
func (b *build) provision(ctx context.Context) (err error) {
	if b.t.Provision == "" {
		return nil
	}
	steps := map[string]func(context.Context, *Machine, providers.KeyRing) error{
		"provision.sh": b.provisionScript, "provision.yml": b.provisionPlaybook,
	}
	step := steps[b.t.Provision]
	if step == nil {
		return fmt.Errorf("provision %q: want provision.sh or provision.yml", b.t.Provision)
	}
	b.progress("provisioning with " + b.t.Provision)
	ring, err := providers.NewKeyRing()
	if err != nil {
		return err
	}
	m, err := b.p.launch(ctx, b.rec, ring.Keys)
	if err != nil {
		return err
	}
	defer func() {
		undo, cancel := context.WithTimeout(context.WithoutCancel(ctx), destroyLimit)
		defer cancel()
		err = errors.Join(err, m.Destroy(undo))
	}()
	if err := b.awaitSystem(ctx); err != nil {
		return err
	}
	if err := step(ctx, m, ring); err != nil {
		return fmt.Errorf("%s: %w", b.t.Provision, err)
	}
	return m.powerOff(ctx)
}

// provisionScript runs a shell script as the guest's root, in the directory of
// the template's files.
func (b *build) provisionScript(ctx context.Context, _ *Machine, _ providers.KeyRing) error {
	if err := copyIn(b.t.Files, dirOf(b.rec.ID).root()); err != nil {
		return err
	}
	return b.exec(ctx, b.log, "/bin/sh", "-c", "cd /"+guest.BuildDir+" && chmod +x "+b.t.Provision+" && exec ./"+b.t.Provision)
}

// provisionPlaybook runs the driver's Ansible against the guest, as root.
func (b *build) provisionPlaybook(ctx context.Context, m *Machine, ring providers.KeyRing) (err error) {
	binary, err := os.Executable()
	if err != nil {
		return err
	}
	access := providers.Access{User: "root", Key: ring.Root.Signer, HostKey: ring.HostKey}
	gate, err := bastion.Start(ctx, bastion.Config{
		Dir:    filepath.Join(string(dirOf(b.rec.ID)), "bastion"), // short: a socket's path is limited
		Hosts:  map[string]bastion.Upstream{b.t.Name: {Machine: m, Access: access}},
		Binary: binary, User: "root", Log: b.log,
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, gate.Close()) }()
	report, err := ansible.Run(ctx, ansible.Play{
		Playbook: b.t.Provision, Files: b.t.Files, Hosts: []string{b.t.Name}, Dir: string(dirOf(b.rec.ID)),
		SSHConfig: gate.SSHConfigPath(), User: "root", Log: b.log, Start: b.helpers.start,
	})
	if err != nil {
		return err
	}
	if report.ExitCode != 0 || !report.Complete {
		return fmt.Errorf("ansible-playbook exited with %d: %s", report.ExitCode, report.Failure())
	}
	return nil
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

// exec runs a command as root in the build's guest, beside its SSH server,
// which a template's provisioning may well restart.
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
	process := filepath.Join(string(c.dir), "process.json")
	err = writeJSON(process, specs.Process{
		Args: argv, Cwd: "/",
		Env:          []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LANG=C.UTF-8", "DEBIAN_FRONTEND=noninteractive"},
		Capabilities: &specs.LinuxCapabilities{Bounding: caps, Effective: caps, Permitted: caps},
	})
	if err != nil {
		return err
	}
	cmd := c.command(ctx, "exec", "--process", process, c.id)
	cmd.Stdout, cmd.Stderr = out, out
	if err := c.cgroup.run(cmd); err != nil {
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
		return write(root, guest.File{Name: path.Join(guest.BuildDir, name), Mode: 0o644, Data: data})
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
