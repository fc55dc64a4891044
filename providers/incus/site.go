package incus

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"

	incus "github.com/lxc/incus/v6/client"
	"github.com/lxc/incus/v6/shared/api"

	"github.com/benchtest-dev/benchtest/providers"
)

// A site is what the server has that machines are made of.
type site struct {
	pool    string
	driver  string       // the pool's
	bridge  string       // the network with a way out; "": there is none
	subnet  netip.Prefix // the bridge's own address in it
	cluster bool
}

// look asks the server once what it has, and makes our project. A failure is
// asked again.
func (p *Provider) look(ctx context.Context) (*site, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.site != nil {
		return p.site, nil
	}
	s, err := p.survey(ctx)
	if err != nil {
		return nil, err
	}
	if err := p.makeProject(ctx); err != nil {
		return nil, fmt.Errorf("make project %s: %w", p.project, err)
	}
	p.site = s
	return s, nil
}

// survey reads what the default project's default profile has: it is what
// `incus launch` would use.
func (p *Provider) survey(ctx context.Context) (*site, error) {
	s := &site{pool: p.env("BENCHTEST_INCUS_POOL"), bridge: p.env("BENCHTEST_INCUS_NETWORK")}
	err := p.server.shared().do(ctx, func(c incus.InstanceServer) error {
		info, _, err := c.GetServer()
		if err != nil {
			return err
		}
		if info.Auth != "trusted" {
			return errNotTrusted
		}
		s.cluster = info.Environment.ServerClustered
		profile, _, err := c.GetProfile("default")
		if err != nil && !api.StatusErrorCheck(err, 404) {
			return err
		}
		if err := s.choosePool(c, profile); err != nil {
			return err
		}
		return s.chooseBridge(c, profile)
	})
	return s, err
}

var errNotTrusted = errors.New("this user may not use it: sudo usermod -aG incus-admin $USER, and log in again; or, for a remote, incus remote add")

var errNoPool = errors.New("it has no storage pool: incus admin init, or scripts/incus.sh start")

func (s *site) choosePool(c incus.InstanceServer, profile *api.Profile) error {
	if s.pool == "" && profile != nil {
		for _, d := range profile.Devices {
			if d["type"] == "disk" && d["path"] == "/" {
				s.pool = d["pool"]
			}
		}
	}
	if s.pool == "" {
		names, err := c.GetStoragePoolNames()
		if err != nil {
			return err
		}
		if len(names) == 0 {
			return errNoPool
		}
		slices.Sort(names)
		s.pool = names[0]
	}
	pool, _, err := c.GetStoragePool(s.pool)
	if err != nil {
		return fmt.Errorf("read storage pool %s: %w", s.pool, err)
	}
	s.driver = pool.Driver
	return nil
}

// chooseBridge finds the network that guests with a way out are on. That there
// is none is a warning's business, and that of who wants to go out.
func (s *site) chooseBridge(c incus.InstanceServer, profile *api.Profile) error {
	if s.bridge == "" && profile != nil {
		for _, d := range profile.Devices {
			if d["type"] == "nic" && d["network"] != "" {
				s.bridge = d["network"]
			}
		}
	}
	if s.bridge == "" {
		return nil
	}
	n, _, err := c.GetNetwork(s.bridge)
	if err != nil {
		return fmt.Errorf("read network %s: %w", s.bridge, err)
	}
	s.subnet, err = netip.ParsePrefix(n.Config["ipv4.address"])
	if err != nil || n.Type != "bridge" || !n.Managed {
		s.bridge = "" // not one that we know how to give addresses of
	}
	return nil
}

// makeProject makes our project unless it is there. Its networks are those of
// the project default, since bridges can be nowhere else.
func (p *Provider) makeProject(ctx context.Context) error {
	return p.server.shared().do(ctx, func(c incus.InstanceServer) error {
		_, _, err := c.GetProject(p.project)
		if !api.StatusErrorCheck(err, 404) {
			return err
		}
		post := api.ProjectsPost{Name: p.project, ProjectPut: api.ProjectPut{
			Description: "Machines of benchtest",
			Config:      api.ConfigMap{"features.images": "true", "features.profiles": "true", "features.storage.volumes": "true", "features.networks": "false"},
		}}
		if err := c.CreateProject(post); err != nil {
			if _, _, again := c.GetProject(p.project); again != nil { // else another process made it
				return err
			}
		}
		return nil
	})
}

// root is the disk of an instance.
func (s *site) root(diskMiB int) map[string]string {
	d := map[string]string{"type": "disk", "path": "/", "pool": s.pool}
	if diskMiB > 0 {
		d["size"] = fmt.Sprintf("%dMiB", diskMiB)
	}
	return d
}

// instance reads one of ours, whatever it is; one that is not there, or that
// only happens to have the name, is ErrNotFound.
func (p *Provider) instance(ctx context.Context, name string) (inst *api.Instance, etag string, err error) {
	err = p.server.do(ctx, func(c incus.InstanceServer) (err error) {
		inst, etag, err = c.GetInstance(name)
		return err
	})
	if err == nil && inst.Config[markKind] == "" {
		err = fmt.Errorf("%w: instance %s in project %s is not benchtest's", providers.ErrNotFound, name, p.project)
	}
	return inst, etag, err
}
