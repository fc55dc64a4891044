package guest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"time"

	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/ansible"
	"github.com/benchtest-dev/benchtest/providers/bastion"
)

// A Site is a machine that becomes a template: it has booted, with a network
// for its packages, and Keys are in it. All fields but Proxy and Container are
// required.
type Site struct {
	Machine  providers.Machine
	Keys     providers.KeyRing
	Template providers.Template
	Log      io.Writer // what the steps print
	// Dir is an empty directory on the driver with a short path, for sockets.
	Dir string
	// Binary answers -benchtest.dial: ours.
	Binary string
	// Proxy is what apt uses in the guest ("http://host:port"); empty: none.
	Proxy string
	// Container: the guest is one, and what cannot work there is masked.
	Container bool
}

// The limits of a template's steps.
const (
	installLimit   = 20 * time.Minute
	provisionLimit = 20 * time.Minute
	cleanupLimit   = 2 * time.Minute
)

// Provision brings a template's packages and its provisioning into the guest,
// and takes out what no clone may share; then the caller turns the guest off.
// Its base's are there already. The last step removes the keys from the guest:
// nobody gets in any more.
func Provision(ctx context.Context, s Site) error {
	root, err := providers.Open(ctx, s.Machine, s.Template.Name, s.Keys.Access("root"), providers.SandboxOptions{})
	if err != nil {
		return fmt.Errorf("open the template's guest: %w", err)
	}
	defer func() { _ = root.Close() }() // the guest is turned off next
	if err := root.WaitReady(ctx); err != nil {
		return fmt.Errorf("wait for the template's guest: %w", err)
	}
	setup := SetupScript
	if s.Container {
		setup += ContainerScript
	}
	s.progress("installing packages")
	if err := s.script(ctx, root, setup, installLimit, s.Template.Packages...); err != nil {
		return fmt.Errorf("install packages: %w", err)
	}
	if s.Template.Provision != "" {
		s.progress("provisioning with " + s.Template.Provision)
		if err := s.provision(ctx, root); err != nil {
			return fmt.Errorf("%s: %w", s.Template.Provision, err)
		}
	}
	s.progress("cleaning")
	if err := s.script(ctx, root, CleanupScript+"sync\n", cleanupLimit); err != nil {
		return fmt.Errorf("clean up: %w", err)
	}
	return nil
}

func (s Site) progress(step string) {
	_, _ = fmt.Fprintf(s.Log, "== %s %s\n", time.Now().Format(time.TimeOnly), step)
	if s.Template.Progress != nil {
		s.Template.Progress(step)
	}
}

// script runs a shell script of ours as the guest's root.
func (s Site) script(ctx context.Context, root *providers.Sandbox, script string, limit time.Duration, args ...string) error {
	var env []string
	if s.Proxy != "" {
		env = []string{"http_proxy=" + s.Proxy, "https_proxy=" + s.Proxy}
	}
	return s.run(ctx, root, providers.Command{
		Argv: append([]string{"/bin/sh", "-s", "-"}, args...), Stdin: bytes.NewReader([]byte(script)), Env: env, Limit: limit,
	})
}

// run runs a command that must succeed, and logs what it prints.
func (s Site) run(ctx context.Context, root *providers.Sandbox, c providers.Command) error {
	c.MaxOutput, c.Stdout, c.Stderr = 16<<20, s.Log, s.Log
	r, err := root.Exec(ctx, c)
	switch {
	case err != nil:
		return err
	case r.TimedOut:
		return fmt.Errorf("it did not end within %s", c.Limit)
	case r.ExitStatus != 0:
		return fmt.Errorf("exit status %d: %s", r.ExitStatus, tail(r.Stderr))
	}
	return nil
}

// tail is the end of what a program printed, for an error's reader.
func tail(b []byte) []byte {
	const most = 2 << 10
	return bytes.TrimSpace(b[max(0, len(b)-most):])
}

func (s Site) provision(ctx context.Context, root *providers.Sandbox) error {
	switch s.Template.Provision {
	case "provision.sh":
		return s.provisionScript(ctx, root)
	case "provision.yml":
		return s.provisionPlaybook(ctx)
	}
	return fmt.Errorf("provision %q: want provision.sh or provision.yml", s.Template.Provision)
}

// provisionScript runs a template's shell script as the guest's root, in the
// directory of the template's files.
func (s Site) provisionScript(ctx context.Context, root *providers.Sandbox) error {
	err := fs.WalkDir(s.Template.Files, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		f, err := s.Template.Files.Open(name)
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }() // it was read
		mode := os.FileMode(0o644)
		if name == s.Template.Provision {
			mode = 0o755
		}
		return root.Upload(ctx, f, path.Join("/", BuildDir, name), mode)
	})
	if err != nil {
		return err
	}
	return s.run(ctx, root, providers.Command{Argv: []string{"./" + s.Template.Provision}, Dir: "/" + BuildDir, Limit: provisionLimit})
}

// provisionPlaybook runs the driver's Ansible against the guest, as root.
func (s Site) provisionPlaybook(ctx context.Context) (err error) {
	ctx, cancel := context.WithTimeout(ctx, provisionLimit)
	defer cancel()
	gate, err := bastion.Start(ctx, bastion.Config{
		Dir: path.Join(s.Dir, "bastion"), Binary: s.Binary, User: "root", Log: s.Log,
		Hosts: map[string]bastion.Upstream{s.Template.Name: {Machine: s.Machine, Access: s.Keys.Access("root")}},
	})
	if err != nil {
		return err
	}
	defer func() {
		if cerr := gate.Close(); err == nil {
			err = cerr
		}
	}()
	report, err := ansible.Run(ctx, ansible.Play{
		Playbook: s.Template.Provision, Files: s.Template.Files, Hosts: []string{s.Template.Name}, Dir: s.Dir,
		SSHConfig: gate.SSHConfigPath(), User: "root", Log: s.Log,
	})
	if err != nil {
		return err
	}
	if report.ExitCode != 0 || !report.Complete {
		return fmt.Errorf("ansible-playbook exited with %d: %s", report.ExitCode, report.Failure())
	}
	return nil
}
