package lima

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/benchtest-dev/benchtest/providers"
)

// In much of what limactl does it looks at every instance of its home, and gives
// up when one has no configuration: not yet, or no more. So a copy is made in a
// home of its own, below the other, and moved to its place when it is whole; and
// an instance is moved away, while nobody looks, before it is removed.

// stage is that home of an instance. limactl leaves out names that begin so.
// Sockets below it must have short paths too.
func (l tool) stage(instance string) string {
	const short = 5
	name := strings.TrimPrefix(instance, instancePrefix)
	return filepath.Join(l.settings.home, "_"+name[:min(short, len(name))])
}

// create has limactl make an instance of a configuration, in its place, since
// limactl leaves it the absolute path of its own disk. Nobody looks meanwhile;
// nor does another make the first one, with which limactl makes the key by which
// it enters its guests, and fails when somebody else does.
func (p *Provider) create(ctx context.Context, instance, file string) error {
	unlock, err := p.lockInstances(ctx, exclusive)
	if err != nil {
		return err
	}
	defer unlock()
	_, err = p.tool.run(ctx, instance, "create", "--tty=false", "--name", instance, file)
	return err
}

// clone has limactl copy an instance; more are the arguments after its name.
func (l tool) clone(ctx context.Context, from, instance string, more ...string) (err error) {
	stage := l.stage(instance)
	if err := l.openStage(stage); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(stage)) }()
	if err := linkTree(l.dir(from), filepath.Join(stage, from)); err != nil {
		return err
	}
	args := append([]string{"clone", "--tty=false", from, instance}, more...)
	if _, _, err := l.runWith(ctx, instance, []string{"LIMA_HOME=" + stage}, args...); err != nil {
		return err
	}
	return os.Rename(filepath.Join(stage, instance), l.dir(instance))
}

// openStage makes an empty home with the configuration of the other.
func (l tool) openStage(stage string) error {
	if err := os.RemoveAll(stage); err != nil { // what one that was killed left
		return err
	}
	return errors.Join(os.Mkdir(stage, 0o700), os.Symlink(filepath.Join("..", "_config"), filepath.Join(stage, "_config")))
}

// linkTree makes to a directory like from, with the same files.
func linkTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		switch {
		case err != nil:
			return err
		case d.IsDir():
			return os.Mkdir(filepath.Join(to, rel), 0o700)
		case d.Type().IsRegular():
			return os.Link(path, filepath.Join(to, rel))
		}
		return nil // a socket of when it ran
	})
}

// destroyInstance removes an instance, however far it got and whoever works on
// it; one that is not there is nil.
func (p *Provider) destroyInstance(ctx context.Context, name string) error {
	if err := killMarked(ctx, p.tool.dir(name)); err != nil {
		return err
	}
	if err := p.moveAway(ctx, name); err != nil {
		return err
	}
	return os.RemoveAll(p.tool.stage(name))
}

// moveAway takes an instance from limactl's sight, and has it end the networks
// that were for this one alone.
func (p *Provider) moveAway(ctx context.Context, name string) error {
	dir, stage := p.tool.dir(name), p.tool.stage(name)
	if _, err := os.Lstat(dir); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := p.tool.openStage(stage); err != nil {
		return err
	}
	unlock, err := p.lockInstances(ctx, exclusive)
	if err != nil {
		return err
	}
	err = os.Rename(dir, filepath.Join(stage, name))
	unlock()
	if err != nil || p.tool.settings.usesQEMU() { // which has no networks of limactl's
		return err
	}
	return p.lookAtAll(ctx, name, "delete", "--force", "--tty=false", name)
}

// lookAtAll runs a command of limactl that looks at every instance.
func (p *Provider) lookAtAll(ctx context.Context, instance string, args ...string) error {
	unlock, err := p.lockInstances(ctx, shared)
	if err != nil {
		return err
	}
	defer unlock()
	_, err = p.tool.run(ctx, instance, args...)
	return err
}

// awaitLook returns when a `limactl start` has looked at every instance: then it
// starts the host agent, whose first trace is its log. One that ends before says
// so by ctx.
func awaitLook(ctx context.Context, dir string) {
	for {
		if _, err := os.Stat(filepath.Join(dir, "ha.stdout.log")); err == nil {
			return
		}
		if providers.Pause(ctx, bootPoll) != nil {
			return
		}
	}
}
