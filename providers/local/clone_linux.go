package local

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/benchtest-dev/benchtest/providers"
)

// Clone makes a machine and starts it. It returns when the guest's init runs.
func (p *Provider) Clone(ctx context.Context, c providers.CloneSpec) (providers.Machine, error) {
	rec, err := p.recordOf(c)
	if err != nil {
		return nil, fmt.Errorf("clone %s: %w", c.ID, err)
	}
	unlock, err := p.lockTemplate(ctx, rec.Template, shared)
	if err != nil {
		return nil, fmt.Errorf("clone %s: %w", c.ID, err)
	}
	defer unlock()
	if rec.Layers, err = p.layers(c.Template); err != nil {
		return nil, fmt.Errorf("clone %s: %w", c.ID, err)
	}
	m, err := p.launch(ctx, rec, c.Keys)
	if err != nil {
		return nil, fmt.Errorf("clone %s: %w", c.ID, err)
	}
	return m, nil
}

// recordOf checks what is asked for and says what it means here.
func (p *Provider) recordOf(c providers.CloneSpec) (record, error) {
	if err := checkID(c.ID); err != nil {
		return record{}, err
	}
	if err := providers.CheckMounts(c.Mounts); err != nil {
		return record{}, err
	}
	run := cmp.Or(c.Run, p.run, "none")
	if !runName.MatchString(run) {
		return record{}, fmt.Errorf("run ID %q cannot name a cgroup", run)
	}
	if c.Network == providers.NetworkOpen {
		return record{}, errors.New("provider local cannot give network: open here: its guests have no way out of the host; use -tags incus")
	}
	if len(c.Keys.HostKey) == 0 {
		return record{}, errors.New("no host key to give it")
	}
	hs, err := hostHierarchies()
	if err != nil {
		return record{}, err
	}
	t := c.Template
	return record{
		ID: c.ID, Home: p.home, Run: run, Template: t.BuildName(),
		HostName: cmp.Or(c.HostName, t.Name), Created: time.Now(),
		DiskImage: p.diskImage(c.ID),
		DiskMiB:   cmp.Or(c.Limits.DiskMiB, t.DiskMiB, 10240),
		MemoryMiB: cmp.Or(c.Limits.MemoryMiB, t.MemoryMiB, 1024),
		VCPU:      cmp.Or(c.Limits.VCPU, t.VCPU, 1),
		Enforced:  enforced(hs),
		Mounts:    c.Mounts, Client: p.client,
	}, nil
}

// diskImage is the only thing of a clone that outlives a reboot of the host.
func (p *Provider) diskImage(id string) string {
	return filepath.Join(p.home, "machines", id, "disk.img")
}

// launch makes and starts the machine of rec. When it fails, nothing of the
// machine is left.
func (p *Provider) launch(ctx context.Context, rec record, keys providers.Keys) (made *Machine, err error) {
	if err := reserve(rec); err != nil {
		return nil, err
	}
	m := &Machine{id: rec.ID, home: p.home} // not made, which an error makes nil
	defer func() {
		if err == nil {
			return
		}
		undo, cancel := context.WithTimeout(context.WithoutCancel(ctx), destroyLimit)
		defer cancel()
		err = errors.Join(err, m.Destroy(undo))
	}()
	if rec.DiskImage != "" {
		hs, err := hostHierarchies()
		if err != nil {
			return nil, err
		}
		if err := newDisk(ctx, rec, cgroupOf(hs, rec.Run, rec.ID)); err != nil {
			return nil, err
		}
		if p.run == "" { // no suite's: it may outlive this run of the host
			if err := keep(rec); err != nil {
				return nil, err
			}
		}
	}
	if err := mountRoot(rec); err != nil {
		return nil, err
	}
	if rec.Agent, err = writeIdentity(dirOf(rec.ID).root(), rec.HostName, keys); err != nil {
		return nil, err
	}
	if err := m.write(rec); err != nil {
		return nil, err
	}
	if err := mountShares(ctx, rec); err != nil {
		return nil, err
	}
	return m, boot(ctx, rec)
}

// reserve takes the machine's ID: its directory appears in one step, with its
// record in it, so that whoever finds it knows what to remove.
func reserve(rec record) error {
	if err := raiseInotifyLimit(); err != nil {
		return err
	}
	if err := os.MkdirAll(runDir, 0o711); err != nil {
		return fmt.Errorf("reserve machine: %w", err)
	}
	tmp := nascent(rec.ID)
	// The guest's root must traverse it to reach its own root directory.
	err := os.Mkdir(string(tmp), 0o711)
	if err == nil {
		defer func() { _ = os.RemoveAll(string(tmp)) }() // still there only if it was not renamed
		err = errors.Join(os.Chmod(string(tmp), 0o711), writeJSON(tmp.record(), rec))
	}
	if err == nil {
		err = os.Rename(string(tmp), string(dirOf(rec.ID)))
	}
	switch {
	case errors.Is(err, fs.ErrExist) || errors.Is(err, syscall.ENOTEMPTY):
		return errors.New("reserve machine: the ID is in use")
	case err != nil:
		return fmt.Errorf("reserve machine: %w", err)
	}
	return nil
}

// boot writes the machine's bundle and starts its monitor, which starts the
// guest.
func boot(ctx context.Context, rec record) error {
	hs, err := hostHierarchies()
	if err != nil {
		return err
	}
	caps, err := guestCapabilities()
	if err != nil {
		return err
	}
	spec := guestSpec{Record: rec, Hierarchies: hs, Capabilities: caps}
	if err := containerOf(rec, hs).writeBundle(spec.build()); err != nil {
		return err
	}
	return startMonitor(ctx, rec.ID, cgroupOf(hs, rec.Run, rec.ID))
}

// startMonitor starts the monitor in its own session, so that no signal to
// ours reaches it, and without our standard streams, which `go test` would
// wait for. It returns when the guest's init runs.
func startMonitor(ctx context.Context, id string, c cgroup) error {
	log, err := os.OpenFile(dirOf(id).monitorLog(), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("start monitor: %w", err)
	}
	defer log.Close()
	r, w, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("start monitor: %w", err)
	}
	defer r.Close()
	// The monitor outlives the call and is ended by Destroy.
	cmd := exec.CommandContext(context.WithoutCancel(ctx), "/proc/self/exe", monitorFlag+id)
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
	cmd.Stdout, cmd.Stderr = log, log
	cmd.ExtraFiles = []*os.File{w} // readyFD
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	err = c.start(cmd)
	_ = w.Close()
	if err != nil {
		return fmt.Errorf("start monitor: %w", err)
	}
	go func() { _ = cmd.Wait() }() // reaps it when Destroy has killed it
	return awaitReady(ctx, r, id)
}

// awaitReady reads the monitor's one report.
func awaitReady(ctx context.Context, r *os.File, id string) error {
	stop := context.AfterFunc(ctx, func() { _ = r.SetReadDeadline(time.Now()) })
	defer stop()
	b, err := io.ReadAll(io.LimitReader(r, 64<<10))
	if ctx.Err() != nil {
		return fmt.Errorf("start monitor: %w", context.Cause(ctx))
	}
	var ready readiness
	if err != nil || json.Unmarshal(b, &ready) != nil {
		log, _ := os.ReadFile(dirOf(id).monitorLog())
		return fmt.Errorf("start monitor: it ended without a word (does this program call local.MonitorMain?): %s", bytes.TrimSpace(log))
	}
	if ready.Error != "" {
		return errors.New(ready.Error)
	}
	return nil
}

// raiseInotifyLimit lets more than a dozen guests run: all their inotify
// instances, about eight for a systemd, count against the host's root, whom
// the kernel's default allows 128.
func raiseInotifyLimit() error {
	const path, want = "/proc/sys/fs/inotify/max_user_instances", 8192
	b, err := os.ReadFile(path)
	if err != nil {
		return nil // a kernel without inotify needs no limit
	}
	var have int
	if _, err := fmt.Sscan(string(b), &have); err == nil && have >= want {
		return nil
	}
	if err := os.WriteFile(path, []byte(fmt.Sprint(want)), 0); err != nil && !errors.Is(err, fs.ErrPermission) && !errors.Is(err, syscall.EROFS) {
		return fmt.Errorf("raise inotify limit: %w", err)
	}
	return nil
}
