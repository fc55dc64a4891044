package incus

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/lxc/incus/v6/shared/api"

	"github.com/benchtest-dev/benchtest/providers/guest"
)

// fromRemote makes the instance of an image that the daemon itself fetches from
// a public server. It stays among the daemon's images, which forgets it by
// itself (images.remote_cache_expiry).
func (b *build) fromRemote(ctx context.Context, post api.InstancesPost) error {
	name := b.t.Source.Image
	var err error
	if post.Source, err = b.p.remoteImage(name); err != nil {
		return fmt.Errorf("base %s: %w", name, err)
	}
	b.progress("fetching " + name)
	if err := b.p.create(ctx, b.p.server.on(b.member), post); err != nil {
		return fmt.Errorf("base %s: fetch it from %s (does that host reach it? incus image list %s:): %w",
			name, post.Source.Server, strings.SplitN(name, ":", 2)[0], err)
	}
	return b.complete(ctx)
}

// remoteImage is where an image comes from, by the incus command's own
// configuration.
func (p *Provider) remoteImage(name string) (api.InstanceSource, error) {
	remote, alias, _ := strings.Cut(name, ":")
	c, dir, err := remotes(p.env)
	if err != nil {
		return api.InstanceSource{}, err
	}
	r, ok := c.Remotes[remote]
	switch {
	case !ok:
		return api.InstanceSource{}, unknownRemote(dir, remote)
	case strings.HasPrefix(r.Addr, "unix:"):
		return api.InstanceSource{}, fmt.Errorf("remote %s is a socket, from which nobody fetches: incus image export %s, and name the file", remote, name)
	}
	s := api.InstanceSource{Type: "image", Mode: "pull", Server: r.Addr, Protocol: r.Protocol, Alias: alias}
	cert, err := readIfThere(c.ServerCertPath(remote))
	s.Certificate = cert
	return s, err
}

// complete gives an image that was made for others what every guest of ours
// has, by the API: it may have no SSH server yet.
func (b *build) complete(ctx context.Context) error {
	if b.s.bridge != "" {
		if err := b.wayOut(ctx); err != nil {
			return err
		}
	}
	if err := b.start(ctx); err != nil {
		return err
	}
	b.progress("completing " + b.t.Source.Image)
	if err := b.equip(ctx, b.t.Packages); err != nil {
		return err
	}
	return b.p.setState(ctx, b.name, api.InstanceStatePut{Action: "stop", Timeout: stopTimeout})
}

// equip gives a guest that runs, by the API, what every guest of ours has, and
// packages.
func (b *build) equip(ctx context.Context, packages []string) error {
	script := "systemctl is-system-running --wait >/dev/null\n" + guest.SetupScript
	if !b.vm() {
		script += guest.ContainerScript
	}
	if proxy := guestProxy(ctx); proxy != "" {
		script = "export http_proxy='" + proxy + "' https_proxy='" + proxy + "'\n" + script
	}
	said, err := b.p.exec(ctx, b.name, []byte(script), append([]string{"/bin/sh", "-s", "-"}, packages...)...)
	_, werr := b.log.Write(said)
	if err = errors.Join(err, werr); err != nil {
		return fmt.Errorf("complete the image: %w", err)
	}
	return nil
}

// readIfThere reads a text file; one that is not there is empty.
func readIfThere(path string) (string, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		err = nil
	}
	return string(b), err
}
