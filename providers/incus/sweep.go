package incus

import (
	"context"
	"errors"
	"fmt"
	"strings"

	incus "github.com/lxc/incus/v6/client"
	"github.com/lxc/incus/v6/shared/api"
)

// Sweep removes what builds of dead processes of this home left: instances
// that did not become templates, and images. See fixtures.Sweeper.
func (p *Provider) Sweep(ctx context.Context) (removed []string, err error) {
	if p.server.remote.absent() {
		return nil, nil
	}
	if _, err := p.look(ctx); err != nil {
		return nil, fmt.Errorf("sweep: %w", err)
	}
	all, err := p.instances(ctx)
	if err != nil {
		return nil, fmt.Errorf("sweep: %w", err)
	}
	templates := map[string]bool{}
	for _, inst := range all {
		if p.isOwnBuild(inst) {
			templates[inst.Config[markTemplate]] = true
		}
	}
	images, err := p.buildImages(ctx)
	if err != nil {
		return nil, fmt.Errorf("sweep: %w", err)
	}
	for _, i := range images {
		templates[i.Properties[markTemplate]] = true
	}
	var errs []error
	for name := range templates {
		swept, err := p.sweepTemplate(ctx, name)
		removed = append(removed, swept...)
		errs = append(errs, err)
	}
	return removed, errors.Join(errs...)
}

// sweepTemplate removes what is left of the template's builds, unless somebody
// builds it now.
func (p *Provider) sweepTemplate(ctx context.Context, buildName string) (removed []string, err error) {
	l, err := p.templateLock(buildName)
	if err != nil {
		return nil, err
	}
	defer func() { _ = l.Close() }()
	if free, err := l.TryLock(); err != nil || !free {
		return nil, err
	}
	return p.removeBuildsOf(ctx, buildName)
}

// removeBuilds removes what interrupted builds of the template left. The
// caller has the template's lock.
func (p *Provider) removeBuilds(ctx context.Context, buildName string) error {
	_, err := p.removeBuildsOf(ctx, buildName)
	return err
}

func (p *Provider) removeBuildsOf(ctx context.Context, buildName string) (removed []string, err error) {
	all, err := p.instances(ctx)
	if err != nil {
		return nil, err
	}
	for _, inst := range all {
		if !p.isOwnBuild(inst) || inst.Config[markTemplate] != buildName {
			continue
		}
		if err := p.remove(ctx, inst.Name, inst.Config[markNonce]); err != nil {
			return removed, err
		}
		removed = append(removed, inst.Name)
	}
	images, err := p.buildImages(ctx)
	if err != nil {
		return removed, err
	}
	for _, i := range images {
		if i.Properties[markTemplate] != buildName {
			continue
		}
		if err := p.deleteImage(ctx, i.Fingerprint); err != nil {
			return removed, err
		}
		removed = append(removed, "image "+i.Fingerprint[:12])
	}
	return removed, nil
}

// isOwnBuild reports whether the instance is a template in the making of this
// home. One that was killed between its marks and its name has only the former.
func (p *Provider) isOwnBuild(inst api.Instance) bool {
	c := inst.Config
	unnamed := c[markKind] == kindTemplate && !strings.HasPrefix(inst.Name, c[markTemplate])
	return c[markHome] == homeMark(p.home) && (c[markKind] == kindBuild || unnamed)
}

// buildImages are the images of this home's builds.
func (p *Provider) buildImages(ctx context.Context) (ours []api.Image, err error) {
	err = p.server.do(ctx, func(c incus.InstanceServer) error {
		all, err := c.GetImages()
		for _, i := range all {
			if i.Properties[markKind] == kindBuild && i.Properties[markHome] == homeMark(p.home) {
				ours = append(ours, i)
			}
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list images: %w", err)
	}
	return ours, nil
}
