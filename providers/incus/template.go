package incus

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
	"github.com/lxc/incus/v6/shared/api"

	"github.com/benchtest-dev/benchtest/providers"
)

// isBuilt reports whether an instance is the template, whole.
func isBuilt(inst *api.Instance, t providers.Template) bool {
	return inst.Config[markKind] == kindTemplate && inst.Config[markDigest] == t.Digest
}

// built reports whether the template, with this digest, is there; in a
// cluster, on every member that may have clones of it.
func (p *Provider) built(ctx context.Context, s *site, t providers.Template) (bool, error) {
	if s.cluster {
		missing, err := p.without(ctx, t)
		return len(missing) == 0, err
	}
	_, err := p.template(ctx, t)
	if errors.Is(err, errNotBuilt) {
		return false, nil
	}
	return err == nil, err
}

var errNotBuilt = errors.New("it is not built")

// template reads the built template of a server that is no cluster.
func (p *Provider) template(ctx context.Context, t providers.Template) (*api.Instance, error) {
	inst, _, err := p.instance(ctx, instanceName(t, ""))
	if errors.Is(err, providers.ErrNotFound) || err == nil && !isBuilt(inst, t) {
		return nil, notBuilt(t)
	}
	return inst, err
}

func notBuilt(t providers.Template) error {
	return fmt.Errorf("template %s: %w: go tool benchtest template build %s", t.BuildName(), errNotBuilt, t.Name)
}

// lockTemplate keeps the other processes of this home from building or
// deleting the template. Those of other homes have their own: who is second to
// finish takes the first one's.
func (p *Provider) lockTemplate(ctx context.Context, name string) (unlock func(), err error) {
	l, err := p.templateLock(name)
	if err != nil {
		return nil, err
	}
	if _, err := l.TryLockContext(ctx, 20*time.Millisecond); err != nil {
		return nil, fmt.Errorf("lock template: %w", errors.Join(err, l.Close()))
	}
	return func() { _ = l.Close() }, nil
}

func (p *Provider) templateLock(name string) (*flock.Flock, error) {
	dir := filepath.Join(p.home, "incus")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("lock template: %w", err)
	}
	return flock.New(filepath.Join(dir, name+".lock")), nil
}

// ErrTemplateInUse is what DeleteTemplate says of one that another template
// rests on.
var ErrTemplateInUse = errors.New("template is in use")

// DeleteTemplate removes a built template and what an interrupted build of it
// left. Clones do not need it any more: Incus keeps what they share. One that
// is not there is nil; one that another template is made of is ErrTemplateInUse.
func (p *Provider) DeleteTemplate(ctx context.Context, buildName string) error {
	if err := p.deleteTemplate(ctx, buildName); err != nil {
		return fmt.Errorf("delete template %s: %w", buildName, err)
	}
	return nil
}

func (p *Provider) deleteTemplate(ctx context.Context, buildName string) error {
	if !strings.HasPrefix(buildName, "template-") {
		return errors.New("that is not the name of a built template")
	}
	if _, err := p.look(ctx); err != nil {
		return err
	}
	unlock, err := p.lockTemplate(ctx, buildName)
	if err != nil {
		return err
	}
	defer unlock()
	all, err := p.instances(ctx)
	if err != nil {
		return err
	}
	var doomed []string
	for _, inst := range all {
		kind := inst.Config[markKind]
		if kind == kindTemplate && inst.Config[markBase] == buildName {
			return fmt.Errorf("%w by %s", ErrTemplateInUse, inst.Name)
		}
		own := kind == kindTemplate || kind == kindBuild && inst.Config[markHome] == homeMark(p.home)
		if own && inst.Config[markTemplate] == buildName {
			doomed = append(doomed, inst.Name)
		}
	}
	for _, name := range doomed {
		if err := p.remove(ctx, name, ""); err != nil {
			return err
		}
	}
	return nil
}
