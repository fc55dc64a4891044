package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/benchtest-dev/benchtest/fixtures"
	"github.com/benchtest-dev/benchtest/providers"
)

// A rawModel is a clone's recipe as somebody without benchtest would have it:
// its OCI bundle and the template's layers.
type rawModel struct {
	home   string
	spec   specs.Spec
	layers []string
}

// model takes the recipe from a clone that benchtest made.
func (l *lab) model(ctx context.Context, t providers.Template) (m rawModel, err error) {
	c, err := l.clone(ctx, t)
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, c.destroy(ctx)) }()
	dir := filepath.Join("/run/benchtest", c.machine.ID())
	var record struct{ Layers []string }
	err = errors.Join(readJSON(filepath.Join(dir, "bundle", "config.json"), &m.spec), readJSON(filepath.Join(dir, "machine.json"), &record))
	m.home, m.layers = l.home, record.Layers
	return m, err
}

func readJSON(path string, to any) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return json.Unmarshal(b, to)
}

// A rawMachine is one container of a rawModel.
type rawMachine struct {
	id      string
	dir     string // bundle and root; its parent can be traversed by the guest
	layer   string // upper and work of the overlay
	spec    specs.Spec
	keys    providers.KeyRing
	offset  int // of the guest's user IDs
	console *os.File
	pid     int
}

// cold makes a machine and returns how long runc and SSH took. The directories,
// the overlay and the keys are there before, and their removal does not count.
func (m rawModel) cold(ctx context.Context) (took time.Duration, err error) {
	r, err := m.prepare()
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, r.remove(ctx)) }()
	begin := time.Now()
	if err := r.start(ctx); err != nil {
		return 0, err
	}
	if err := r.session(ctx); err != nil {
		return 0, err
	}
	return time.Since(begin), nil
}

// prepare is all that runc wants to find.
func (m rawModel) prepare() (*rawMachine, error) {
	r := &rawMachine{id: fixtures.NewID("", "raw"), spec: m.spec, offset: int(m.spec.Linux.UIDMappings[0].HostID)}
	r.dir = filepath.Join("/run/benchtest-perf", r.id)
	r.layer = filepath.Join(m.home, "machines", r.id)
	root, upper, work := filepath.Join(r.dir, "root"), filepath.Join(r.layer, "upper"), filepath.Join(r.layer, "work")
	for _, d := range []string{root, upper, work} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return nil, err
		}
	}
	if err := os.Lchown(upper, r.offset, r.offset); err != nil {
		return nil, err
	}
	options := "lowerdir=" + strings.Join(m.layers, ":") + ",upperdir=" + upper + ",workdir=" + work + ",volatile"
	if err := unix.Mount("overlay", root, "overlay", 0, options); err != nil {
		return nil, fmt.Errorf("mount overlay: %w", err)
	}
	linux := *m.spec.Linux
	linux.CgroupsPath = "/benchtest-perf/" + r.id
	r.spec.Linux, r.spec.Root = &linux, &specs.Root{Path: root}
	config, err := json.Marshal(r.spec)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(r.dir, "config.json"), config, 0o600); err != nil {
		return nil, err
	}
	if r.console, err = os.Create(filepath.Join(r.dir, "console.log")); err != nil {
		return nil, err
	}
	if r.keys, err = providers.NewKeyRing(); err != nil {
		return nil, err
	}
	return r, r.identify(root)
}

// identify gives the guest its SSH keys.
func (r *rawMachine) identify(root string) error {
	for path, content := range map[string][]byte{
		"etc/ssh/ssh_host_ed25519_key": r.keys.Keys.HostKey,
		"root/.ssh/authorized_keys":    r.keys.Keys.Root,
	} {
		path = filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(path, content, 0o600); err != nil {
			return err
		}
		if err := errors.Join(os.Chmod(path, 0o600), os.Lchown(path, r.offset, r.offset), os.Lchown(filepath.Dir(path), r.offset, r.offset)); err != nil {
			return err
		}
	}
	return nil
}

// start is runc create, the delegation of the cgroup without which systemd
// ends at once, and runc start.
func (r *rawMachine) start(ctx context.Context) error {
	pidFile := filepath.Join(r.dir, "init.pid")
	if err := r.runc(ctx, "create", "--bundle", r.dir, "--pid-file", pidFile, r.id); err != nil {
		return err
	}
	b, err := os.ReadFile(pidFile)
	if err != nil {
		return err
	}
	if r.pid, err = strconv.Atoi(string(b)); err != nil {
		return err
	}
	for _, d := range r.cgroups() {
		for _, name := range []string{".", "cgroup.procs", "cgroup.threads", "cgroup.subtree_control", "tasks"} {
			if err := os.Lchown(filepath.Join(d, name), r.offset, r.offset); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	return r.runc(ctx, "start", r.id)
}

func (r *rawMachine) runc(ctx context.Context, args ...string) error {
	cmd := exec.CommandContext(ctx, "runc", args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 5 * time.Second
	cmd.Stdout, cmd.Stderr = r.console, r.console
	if err := cmd.Run(); err != nil {
		said, _ := os.ReadFile(r.console.Name())
		return fmt.Errorf("runc %s: %w: %s", args[0], err, said)
	}
	return nil
}

// cgroups are the guest's in the hierarchies that systemd manages.
func (r *rawMachine) cgroups() []string {
	var found []string
	for _, pattern := range []string{"/sys/fs/cgroup", "/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified"} {
		if d := filepath.Join(pattern, r.spec.Linux.CgroupsPath); exists(d) {
			found = append(found, d)
		}
	}
	return found
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// remove takes everything away again.
func (r *rawMachine) remove(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), destroyLimit)
	defer cancel()
	errs := []error{r.runc(ctx, "delete", "--force", r.id), r.console.Close()}
	root := filepath.Join(r.dir, "root")
	for err := error(unix.EBUSY); errors.Is(err, unix.EBUSY); {
		if err = unix.Unmount(root, 0); err != nil && ctx.Err() != nil {
			return errors.Join(append(errs, fmt.Errorf("unmount %s: %w", root, err))...)
		}
	}
	if exists(filepath.Join(root, "etc")) {
		return errors.Join(append(errs, fmt.Errorf("unmount %s: something is still mounted", root))...)
	}
	errs = append(errs, os.RemoveAll(r.dir), os.RemoveAll(r.layer))
	// runc removes the container's cgroups but not their parent's.
	parents, _ := filepath.Glob("/sys/fs/cgroup/*/benchtest-perf") // the pattern is fixed
	for _, d := range append(parents, "/sys/fs/cgroup/benchtest-perf", filepath.Dir(r.dir)) {
		_ = os.Remove(d) // only when it is there, and this was the last
	}
	return errors.Join(errs...)
}
