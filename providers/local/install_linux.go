package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/benchtest-dev/benchtest/providers/guest"
)

// install installs a layer's packages and makes of any template one that this
// provider can run.
func (b *build) install(ctx context.Context) error {
	var packages []string
	if b.t.Base != nil { // a base's own came with its bootstrap
		packages = b.t.Packages
		if len(packages) > 0 {
			b.progress("installing " + few(packages))
		}
	}
	return b.script(ctx, guest.SetupScript+guest.ContainerScript, packages...)
}

// few names a list's first items and counts the rest.
func few(items []string) string {
	const most = 4
	if len(items) <= most {
		return strings.Join(items, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(items[:most], ", "), len(items)-most)
}

// script runs a shell script as root in the template's files, without a
// service manager and in the host's network.
func (b *build) script(ctx context.Context, script string, args ...string) (err error) {
	if err := reserve(b.rec); err != nil {
		return err
	}
	defer func() {
		undo, cancel := context.WithTimeout(context.WithoutCancel(ctx), destroyLimit)
		defer cancel()
		m := &Machine{id: b.rec.ID, home: b.p.home}
		err = errors.Join(err, m.Destroy(undo))
	}()
	if err := mountRoot(b.rec); err != nil {
		return err
	}
	c, err := b.scriptContainer(ctx, append([]string{"/bin/sh", "-c", script, "benchtest"}, args...))
	if err != nil {
		return err
	}
	c.cgroup.claim()
	cmd := c.command(ctx, "run", "--bundle", c.dir.bundle(), c.id)
	cmd.Stdout, cmd.Stderr = b.log, b.log
	err = c.cgroup.run(cmd)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// scriptContainer writes the bundle of a container that runs argv.
func (b *build) scriptContainer(ctx context.Context, argv []string) (container, error) {
	hs, err := hostHierarchies()
	if err != nil {
		return container{}, err
	}
	caps, err := guestCapabilities()
	if err != nil {
		return container{}, err
	}
	// A copy: the host's may be a link into a directory the guest's root cannot enter.
	resolv := filepath.Join(string(dirOf(b.rec.ID)), "resolv.conf")
	data, err := os.ReadFile("/etc/resolv.conf")
	if err != nil {
		return container{}, err
	}
	if err := os.WriteFile(resolv, data, 0o644); err != nil {
		return container{}, err
	}
	spec := guestSpec{Record: b.rec, Hierarchies: hs, Capabilities: caps, Args: argv, HostNetwork: true, ResolvConf: resolv}
	if proxy := b.images().Proxy(ctx); proxy != "" {
		spec.Env = []string{"http_proxy=" + proxy, "https_proxy=" + proxy}
	}
	c := containerOf(b.rec, hs)
	return c, c.writeBundle(spec.build())
}
