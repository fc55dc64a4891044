package incus

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"time"

	incus "github.com/lxc/incus/v6/client"
	"github.com/lxc/incus/v6/shared/api"

	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/guest"
	"github.com/benchtest-dev/benchtest/providers/image"
)

// Build makes the template, and its bases, unless they are there. It works on
// an instance of another name, which gets the template's when it is complete
// and stopped: a kill at any moment leaves the template absent or whole.
func (p *Provider) Build(ctx context.Context, t providers.Template) error {
	s, err := p.look(ctx)
	if err == nil {
		t, err = typed(t)
	}
	if err != nil {
		return fmt.Errorf("build template %s: %w", t.Name, err)
	}
	return p.build(ctx, s, t)
}

func (p *Provider) build(ctx context.Context, s *site, t providers.Template) error {
	if t.Base != nil {
		base := *t.Base
		base.Progress = t.Progress
		if err := p.build(ctx, s, base); err != nil {
			return err
		}
	}
	there, err := p.built(ctx, s, t)
	if err == nil && !there {
		err = p.buildLocked(ctx, s, t)
	}
	if err != nil {
		return fmt.Errorf("build template %s: %w", t.Name, err)
	}
	return nil
}

func (p *Provider) buildLocked(ctx context.Context, s *site, t providers.Template) (err error) {
	unlock, err := p.lockTemplate(ctx, t.BuildName())
	if err != nil {
		return err
	}
	defer unlock()
	if there, err := p.built(ctx, s, t); err != nil || there { // by whoever had the lock before
		return err
	}
	if err := p.removeBuilds(ctx, t.BuildName()); err != nil {
		return err
	}
	if s.cluster {
		return p.buildInCluster(ctx, s, t)
	}
	return p.buildOn(ctx, s, "", t)
}

// buildOn makes the template, in a cluster on one of its members.
func (p *Provider) buildOn(ctx context.Context, s *site, member string, t providers.Template) (err error) {
	if t.Type == providers.TypeVM {
		if err := needVMs(ctx, p.server.shared().on(member)); err != nil {
			return err
		}
	}
	b, err := p.newBuild(s, t)
	if err != nil {
		return err
	}
	b.member = member
	defer func() { err = errors.Join(err, b.close(ctx, err)) }()
	if err := b.copyBase(ctx); err != nil {
		return err
	}
	if err := b.provision(ctx); err != nil {
		return err
	}
	return b.seal(ctx)
}

// A build is one template in the making.
type build struct {
	p    *Provider
	s    *site
	t    providers.Template
	name string // the instance's
	// member of the cluster that has it; "": there is no cluster.
	member string
	dir    string // for sockets: its path is short
	log    *os.File
	// identity is what sealGuest returned; of a container it is nil.
	identity map[string]string
}

func (p *Provider) newBuild(s *site, t providers.Template) (*build, error) {
	log, err := os.Create(filepath.Join(p.home, "incus", t.BuildName()+".log"))
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "benchtest-")
	if err != nil {
		return nil, errors.Join(err, log.Close())
	}
	return &build{p: p, s: s, t: t, name: "benchtest-build-" + newNonce()[:20], dir: dir, log: log}, nil
}

// close ends the build: what did not become the template goes.
func (b *build) close(ctx context.Context, failed error) error {
	err := errors.Join(b.log.Close(), os.RemoveAll(b.dir))
	if failed == nil {
		return err
	}
	undo, cancel := context.WithTimeout(context.WithoutCancel(ctx), destroyLimit)
	defer cancel()
	return errors.Join(err, b.p.remove(undo, b.name, ""), b.tail())
}

// tail is the end of the log, for an error's reader, who may not find the file.
func (b *build) tail() error {
	const most = 4 << 10
	f, err := os.Open(b.log.Name())
	if err != nil {
		return err
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Size() > most {
		_, _ = f.Seek(-most, io.SeekEnd)
	}
	text, err := io.ReadAll(f)
	if err != nil {
		return err
	}
	return fmt.Errorf("the end of %s:\n%s", b.log.Name(), text)
}

func (b *build) progress(step string) {
	_, _ = fmt.Fprintf(b.log, "== %s %s\n", time.Now().Format(time.TimeOnly), step)
	if b.t.Progress != nil {
		b.t.Progress(step)
	}
}

// marks are the configuration of the template in the making.
func (b *build) marks() map[string]string {
	config := limits(b.vm(), providers.Limits{MemoryMiB: max(b.t.MemoryMiB, 2048)})
	maps.Copy(config, map[string]string{
		markKind: kindBuild, markTemplate: b.t.BuildName(), markDigest: b.t.Digest, markRun: b.p.run,
	})
	if b.t.Base != nil {
		config[markBase] = b.t.Base.BuildName()
	}
	return config
}

// copyBase makes the instance: a copy of the base's, or of an image made of
// the distribution's packages.
func (b *build) copyBase(ctx context.Context) error {
	post := api.InstancesPost{Name: b.name, Type: instanceType(b.t), InstancePut: api.InstancePut{
		Config: b.marks(), Profiles: []string{}, Devices: b.s.devices(b.vm(), buildDisk(b.t)),
	}}
	switch {
	case b.t.Base == nil && b.t.Source != nil && b.t.Source.Image != "":
		return b.fromRemote(ctx, post)
	case b.t.Base == nil:
		return b.fromImage(ctx, post)
	}
	base, err := b.base(ctx)
	if err != nil {
		return err
	}
	keepFirmware(post.Config, base.Config)
	post.Devices = b.s.copyDevices(base, buildDisk(b.t))
	post.Source = api.InstanceSource{Type: "copy", Source: base.Name, InstanceOnly: true}
	return b.p.create(ctx, b.p.server.on(b.member), post)
}

// base is the base's template, where the build is.
func (b *build) base(ctx context.Context) (*api.Instance, error) {
	if b.member == "" {
		return b.p.template(ctx, *b.t.Base)
	}
	at, err := b.p.templates(ctx, *b.t.Base)
	if err == nil && at[b.member] == nil {
		err = notBuilt(*b.t.Base)
	}
	return at[b.member], err
}

// provision boots the instance as a clone would be, with a way out for its
// packages, and brings the template's packages and provisioning into it.
func (b *build) provision(ctx context.Context) error {
	t := b.t
	wanted := t.Packages
	if t.Base == nil {
		t.Packages = nil // they are in the image
		if !b.foreign() {
			wanted = nil
		}
	}
	ring, err := providers.NewKeyRing()
	if err != nil {
		return err
	}
	binary, err := os.Executable()
	if err != nil {
		return err
	}
	if err := b.boot(ctx, ring.Keys, wanted); err != nil {
		return err
	}
	t.Progress = nil // ours tells, and the log has it once
	err = guest.Provision(ctx, guest.Site{
		Machine: &Machine{p: b.p, id: b.name}, Keys: ring, Template: b.withProgress(t), Log: b.log, Dir: b.dir, Binary: binary,
		Proxy: guestProxy(ctx), Container: !b.vm(),
	})
	if err != nil {
		return err
	}
	if b.vm() {
		b.identity, err = b.p.sealGuest(ctx, b.name)
		return err
	}
	return b.p.setState(ctx, b.name, api.InstanceStatePut{Action: "stop", Timeout: stopTimeout})
}

func (b *build) withProgress(t providers.Template) providers.Template {
	t.Progress = b.t.Progress
	return t
}

// guestProxy is this host's apt proxy, for the guests' apt.
func guestProxy(ctx context.Context) string { return image.Store{}.Proxy(ctx) }

// boot gives the instance keys and, where it needs packages, a way out, and
// starts it.
func (b *build) boot(ctx context.Context, keys providers.Keys, packages []string) error {
	if !b.vm() {
		if err := b.p.introduceBuild(ctx, b.name, b.t.Name, keys); err != nil {
			return err
		}
	}
	if len(packages) > 0 {
		if err := b.wayOut(ctx); err != nil {
			return err
		}
	}
	if err := b.start(ctx); err != nil || !b.vm() {
		return err
	}
	if b.t.Base == nil {
		if err := b.equip(ctx, packages); err != nil {
			return err
		}
	}
	return b.p.introduceRunning(ctx, b.name, b.t.Name, keys)
}

// start starts the instance; it answers, and has its addresses, when start
// returns.
func (b *build) start(ctx context.Context) error {
	err := b.p.setState(ctx, b.name, api.InstanceStatePut{Action: "start", Timeout: -1})
	if err != nil || !b.vm() {
		return err
	}
	if err := b.p.awaitAgent(ctx, b.name); err != nil {
		return err
	}
	return (&Machine{p: b.p, id: b.name}).layWires(ctx)
}

// wayOut lets the stopped instance go out for packages.
func (b *build) wayOut(ctx context.Context) error {
	if b.s.bridge == "" {
		return errors.New("its packages need a managed bridge with an IPv4 address: incus network create incusbr0, and BENCHTEST_INCUS_NETWORK=incusbr0")
	}
	way, err := b.p.wayOut(ctx, b.s)
	if err != nil {
		return err
	}
	if err := b.p.update(ctx, b.name, func(put *api.InstancePut) { plug(put, []wire{way}) }); err != nil {
		return err
	}
	if b.vm() {
		return nil // wires.sh does
	}
	return b.p.writeResolver(ctx, b.name, b.s)
}

// introduceBuild gives the build its identity, both ways: an instance of an
// image is told nothing by Incus, and a copy's files are written over when it
// starts.
func (p *Provider) introduceBuild(ctx context.Context, name, hostName string, keys providers.Keys) error {
	config, err := p.prepareIdentity(ctx, name)
	if err != nil {
		return err
	}
	files, err := identity(config, hostName, keys)
	if err != nil {
		return err
	}
	err = p.update(ctx, name, func(put *api.InstancePut) {
		for _, f := range files {
			put.Config[fileKey(f.Name)] = string(f.Data)
		}
	})
	if err != nil {
		return err
	}
	return p.writeFiles(ctx, name, files)
}

// seal makes the stopped instance the template.
func (b *build) seal(ctx context.Context) error {
	config, err := b.identity, error(nil)
	if !b.vm() {
		config, err = b.p.prepareIdentity(ctx, b.name)
	}
	if err != nil {
		return err
	}
	return b.p.publish(ctx, b.name, instanceName(b.t, b.member), config)
}

// publish gives a stopped instance the marks of a template, and then its name:
// the last step, and one of Incus's own.
func (p *Provider) publish(ctx context.Context, name, final string, config map[string]string) error {
	err := p.update(ctx, name, func(put *api.InstancePut) {
		delete(put.Devices, openDevice)
		delete(put.Devices, attemptDevice)
		maps.DeleteFunc(put.Config, func(key, _ string) bool { return strings.HasPrefix(key, markFile) })
		maps.Copy(put.Config, config)
		dropSource(put)
		setAddresses(put)
		put.Config[markKind] = kindTemplate
	})
	if err != nil {
		return err
	}
	err = p.server.run(ctx, func(c incus.InstanceServer) (incus.Operation, error) {
		return c.RenameInstance(name, api.InstancePost{Name: final})
	})
	if err == nil {
		return nil
	}
	// Somebody with another home, or on another host, was faster: theirs will do.
	if _, _, lerr := p.instance(ctx, final); lerr == nil {
		return p.remove(ctx, name, "")
	}
	return err
}
