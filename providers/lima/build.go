package lima

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/guest"
	"github.com/benchtest-dev/benchtest/providers/image"
)

// Build makes the template, and its bases, unless they are there. A template is
// finished when its meta is written, last of all: a kill at any moment leaves
// it absent or whole.
func (p *Provider) Build(ctx context.Context, t providers.Template) error {
	if err := p.checkTemplate(t); err != nil {
		return fmt.Errorf("build template %s: %w", t.Name, err)
	}
	t = withContainerd(t)
	if t.Base != nil {
		base := *t.Base
		base.Progress = t.Progress
		if err := p.Build(ctx, base); err != nil {
			return err
		}
	}
	if _, ok := p.builtMeta(t); ok {
		return nil
	}
	err := p.buildAs(ctx, t, func(b *build) func(context.Context) error {
		if t.Base == nil {
			return b.fromImage
		}
		return b.fromBase
	})
	if err != nil {
		return fmt.Errorf("build template %s: %w", t.Name, err)
	}
	return nil
}

// buildAs makes one template, whose first step first chooses.
func (p *Provider) buildAs(ctx context.Context, t providers.Template, first func(*build) func(context.Context) error) (err error) {
	unlock, err := p.lockTemplate(ctx, t.BuildName(), exclusive)
	if err != nil {
		return err
	}
	defer unlock()
	if _, ok := p.builtMeta(t); ok { // by whoever had the lock before
		return nil
	}
	if err := errors.Join(p.tool.prepare(), os.MkdirAll(p.templates(), 0o700)); err != nil {
		return err
	}
	if err := p.destroyBuild(ctx, t.BuildName()); err != nil { // what a killed one left
		return err
	}
	if err := os.WriteFile(p.buildingPath(t.BuildName()), nil, 0o600); err != nil {
		return err
	}
	log, err := os.Create(filepath.Join(p.templates(), t.BuildName()+".log"))
	if err != nil {
		return err
	}
	defer log.Close()
	b := &build{p: p, t: t, name: instanceName(p.home, t.BuildName()), log: log}
	if err := b.all(ctx, first(b)); err != nil {
		undo, cancel := context.WithTimeout(context.WithoutCancel(ctx), destroyLimit)
		defer cancel()
		return errors.Join(fmt.Errorf("%w (see %s)", err, log.Name()), p.destroyBuild(undo, t.BuildName()))
	}
	return nil
}

// A build is one template in the making.
type build struct {
	p    *Provider
	t    providers.Template
	name string // limactl's of its instance
	log  io.Writer
	ring providers.KeyRing
	meta meta
}

func (b *build) all(ctx context.Context, first func(context.Context) error) error {
	var err error
	if b.ring, err = providers.NewKeyRing(); err != nil {
		return err
	}
	b.meta = meta{
		Format: format,
		Name:   b.t.BuildName(), Digest: b.t.Digest, Instance: b.name,
		VCPU: max(b.t.VCPU, 1), MemoryMiB: memoryOf(b.t), DiskMiB: diskOf(b.t),
	}
	for _, step := range []func(context.Context) error{first, b.provision, b.flatten, b.keepBooted} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	b.meta.Bytes = bytesOf(b.p.tool.dir(b.name))
	b.meta.Created = time.Now()
	return writeJSON(b.p.metaPath(b.meta.Name), b.meta)
}

func (b *build) progress(step string) {
	_, _ = fmt.Fprintf(b.log, "== %s %s\n", time.Now().Format(time.TimeOnly), step)
	if b.t.Progress != nil {
		b.t.Progress(step)
	}
}

func (b *build) machine() instanceMachine { return instanceMachine{p: b.p, name: b.name} }

// fromImage makes the instance of a disk image and lets cloud-init run in it,
// this once.
func (b *build) fromImage(ctx context.Context) error {
	path, err := image.Store{Dir: filepath.Join(b.p.home, "images"), Log: b.log}.Disk(ctx, b.t)
	if err != nil {
		return err
	}
	text, err := configOf(b.t, path, b.p.tool.settings.usesQEMU())
	if err != nil {
		return err
	}
	file := filepath.Join(b.p.templates(), b.t.BuildName()+".yaml")
	if err := replaceFile(file, text, 0o600); err != nil {
		return err
	}
	defer func() { _ = os.Remove(file) }()
	if err := b.p.create(ctx, b.name, file); err != nil {
		return err
	}
	b.progress("booting it for the first time")
	if b.t.Source == nil && runtime.GOOS == "linux" && runtime.GOARCH == "amd64" {
		b.t.Packages = nil // a disk that we make has them; others have only what they came with
	}
	return b.boot(ctx, bootSpec{first: true}, func(ctx context.Context) error {
		key, err := firstKey(ctx, b.machine())
		if err != nil {
			return err
		}
		return b.equip(ctx, key, "cloud-init status --wait >/dev/null || true\n"+adoptScript)
	})
}

// fromBase makes the instance of its base's, and gives it its own size.
func (b *build) fromBase(ctx context.Context) error {
	unlock, err := b.p.lockTemplate(ctx, b.t.Base.BuildName(), shared)
	if err != nil {
		return err
	}
	defer unlock()
	base, err := b.p.requireMeta(*b.t.Base)
	if err != nil {
		return err
	}
	b.progress("copying " + base.Name)
	state := ""
	if base.fits(b.size()) {
		state = bootedTag
	}
	return b.fromInstance(ctx, base.Instance, base.HostKey, state)
}

// size is the instance's, as of a machine.
func (b *build) size() record {
	return record{Instance: b.name, VCPU: b.meta.VCPU, MemoryMiB: b.meta.MemoryMiB, DiskMiB: b.meta.DiskMiB}
}

// fromInstance copies a stopped instance and starts the copy.
func (b *build) fromInstance(ctx context.Context, from, hostKey, state string) error {
	key, err := parseKey(hostKey)
	if err != nil {
		return err
	}
	if err := b.p.copyInstance(ctx, from, b.size()); err != nil {
		return err
	}
	b.progress("starting it")
	return b.boot(ctx, bootSpec{state: state}, func(ctx context.Context) error { return b.equip(ctx, key, "") })
}

// boot starts the instance as how says.
func (b *build) boot(ctx context.Context, how bootSpec, answers func(context.Context) error) error {
	how.instance, how.network, how.qemu = b.name, providers.NetworkOpen, b.t.Lima.QEMU
	return b.p.boot(ctx, how, answers)
}

// equip lets the build's own keys in.
func (b *build) equip(ctx context.Context, pinned ssh.PublicKey, script string) error {
	root, err := b.p.admin(ctx, b.machine(), pinned)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	if script != "" {
		if err := b.p.sendSteward(ctx, root); err != nil {
			return err
		}
		if _, err := runFor(ctx, root, script, firstBootLimit); err != nil {
			return err
		}
	}
	hosts, passwd, err := readAccounts(ctx, root)
	if err != nil {
		return err
	}
	keys := b.ring.Keys
	keys.Agent = nil // that user may not be there yet
	files, err := guest.Identity(b.t.Name, hosts, passwd, keys)
	if err != nil {
		return err
	}
	text, err := identityScript(files, b.t.Name, providers.NetworkOpen)
	if err != nil {
		return err
	}
	// A machine that is saved may have had mounts.
	_, err = run(ctx, root, text+shareScript(nil))
	return err
}

// readAccounts reads what guest.Identity wants to know of a guest.
func readAccounts(ctx context.Context, root *providers.Sandbox) (hosts, passwd string, err error) {
	h, err := run(ctx, root, "cat /etc/hosts 2>/dev/null || true\n")
	if err != nil {
		return "", "", err
	}
	pw, err := run(ctx, root, "cat /etc/passwd\n")
	return string(h), string(pw), err
}

// provision brings in what the template is about, and turns the guest off.
func (b *build) provision(ctx context.Context) error {
	// Provision takes the keys out again: this connection is from before.
	root, err := b.p.admin(ctx, b.machine(), b.ring.HostKey)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	dir, err := os.MkdirTemp("", "benchtest-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	binary, err := os.Executable()
	if err != nil {
		return err
	}
	err = guest.Provision(ctx, guest.Site{Machine: b.machine(), Keys: b.ring, Template: b.t, Log: b.log, Dir: dir, Binary: binary})
	if err != nil {
		return err
	}
	said, err := run(ctx, root, settleScript)
	if err != nil {
		return fmt.Errorf("settle: %w", err)
	}
	key, err := parseKey(string(said))
	if err != nil {
		return err
	}
	b.meta.HostKey = keyLine(key)
	if b.meta.Hosts, b.meta.Passwd, err = readAccounts(ctx, root); err != nil {
		return err
	}
	b.progress("turning it off")
	return b.p.stop(ctx, b.name)
}

// flatten makes the instance's disk one file: a copy of a disk that stands on
// another file would break when that file goes, since limactl leaves it the
// absolute path.
func (b *build) flatten(ctx context.Context) error {
	dir := b.p.tool.dir(b.name)
	disk, base := filepath.Join(dir, "diffdisk"), filepath.Join(dir, "basedisk")
	if info, err := os.Stat(base); err != nil || info.Size() <= emptyDisk || !b.p.tool.settings.usesQEMU() {
		return nil //nolint:nilerr // a limactl without a base disk keeps whole ones
	}
	flat := disk + ".flat"
	cmd := exec.CommandContext(ctx, "qemu-img", "convert", "-O", "qcow2", disk, flat)
	group(cmd)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("flatten the disk: %w: %s", err, bytes.TrimSpace(out))
	}
	if err := os.Rename(flat, disk); err != nil {
		return err
	}
	// limactl wants the base disk to be there, and looks whether it is a CD.
	if err := os.Remove(base); err != nil {
		return err
	}
	return os.WriteFile(base, make([]byte, emptyDisk), 0o600)
}

const emptyDisk = 64 << 10

// keepBooted boots the template once more and keeps the state in which clones
// go on.
func (b *build) keepBooted(ctx context.Context) error {
	if !b.p.tool.settings.usesQEMU() {
		return nil
	}
	key, err := parseKey(b.meta.HostKey)
	if err != nil {
		return err
	}
	b.progress("booting it")
	err = b.boot(ctx, bootSpec{}, func(ctx context.Context) error {
		root, err := b.p.admin(ctx, b.machine(), key)
		if err != nil {
			return err
		}
		defer func() { _ = root.Close() }()
		if err := root.WaitReady(ctx); err != nil {
			return err
		}
		_, err = run(ctx, root, "sync\n")
		return err
	})
	if err != nil {
		return err
	}
	b.progress("keeping it as it runs")
	if err := b.p.createSnapshot(ctx, b.name, bootedTag); err != nil {
		return err
	}
	b.meta.Booted = true
	return b.p.halt(ctx, b.name)
}

// bytesOf is what the files in dir take on disk.
func bytesOf(dir string) int64 {
	var sum int64
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if info, err := e.Info(); err == nil {
			sum += blocks(info)
		}
	}
	return sum
}
