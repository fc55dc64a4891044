package local

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/guest"
)

// Build makes the template, and its bases, unless they are there. It works in
// a staging directory that gets the template's name when it is complete and on
// disk, so a kill at any moment leaves the template absent or whole.
func (p *Provider) Build(ctx context.Context, t providers.Template) error {
	if t.Base != nil {
		base := *t.Base
		base.Progress = t.Progress
		if err := p.Build(ctx, base); err != nil {
			return err
		}
	}
	if p.built(t) {
		return nil
	}
	if err := refuse(t); err != nil {
		return fmt.Errorf("build template %s: %w", t.Name, err)
	}
	if err := p.buildOne(ctx, t); err != nil {
		return fmt.Errorf("build template %s: %w", t.Name, err)
	}
	return nil
}

func (p *Provider) buildOne(ctx context.Context, t providers.Template) (err error) {
	unlock, err := p.lockTemplate(ctx, t.BuildName(), exclusive)
	if err != nil {
		return err
	}
	defer unlock()
	if p.built(t) { // by whoever had the lock before
		return nil
	}
	if t.Base != nil { // it must not be deleted from under us
		unlock, err := p.lockTemplate(ctx, t.Base.BuildName(), shared)
		if err != nil {
			return err
		}
		defer unlock()
	}
	if err := p.removeStaging(ctx, t.BuildName()); err != nil {
		return err
	}
	b, err := p.newBuild(t)
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, b.log.Close())
		if err != nil {
			err = fmt.Errorf("%w\n%s", err, b.tail())
		}
	}()
	for _, step := range []func(context.Context) error{b.bootstrap, b.install, b.provision, b.cleanUp, b.seal} {
		if err := step(ctx); err != nil {
			return errors.Join(err, b.stop(ctx))
		}
	}
	return nil
}

// A build is one template in the making.
type build struct {
	p       *Provider
	t       providers.Template
	staging templateDir
	meta    meta
	rec     record // of the machines the steps run in
	helpers cgroup // where what works on it on the host is
	log     *os.File
}

func (p *Provider) newBuild(t providers.Template) (*build, error) {
	staging, m := p.stagingDir(t.BuildName()), metaOf(t)
	if err := os.MkdirAll(staging.files(m), 0o755); err != nil {
		return nil, err
	}
	hs, err := hostHierarchies()
	if err != nil {
		return nil, err
	}
	log, err := os.Create(staging.log())
	if err != nil {
		return nil, err
	}
	b := &build{p: p, t: t, staging: staging, meta: m, log: log}
	b.rec = record{
		ID: p.buildID(t.BuildName()), Home: p.home, Run: cmp.Or(p.run, "build"), Template: t.BuildName(),
		HostName: t.Name, Created: time.Now(), Upper: staging.files(m), MemoryMiB: max(t.MemoryMiB, 2048),
	}
	b.helpers = cgroupOf(hs, b.rec.Run, b.rec.ID)
	if t.Base != nil {
		if b.rec.Layers, err = p.layers(*t.Base); err != nil {
			return nil, errors.Join(err, log.Close())
		}
	}
	return b, nil
}

// stop ends whatever works on the build. Its files stay for people to look at,
// until the next build or Sweep.
func (b *build) stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), destroyLimit)
	defer cancel()
	return (&Machine{id: b.rec.ID, home: b.p.home}).Destroy(ctx)
}

// buildID is the ID of the machines that a template is built in. It is the
// same for every try, so that the next one finds what the last one left.
func (p *Provider) buildID(buildName string) string {
	sum := sha256.Sum256([]byte(p.home + "\x00" + buildName))
	return "benchtest-build-" + hex.EncodeToString(sum[:8])
}

// removeStaging removes what an interrupted build left. The caller has the
// template's lock.
func (p *Provider) removeStaging(ctx context.Context, buildName string) error {
	left := &Machine{id: p.buildID(buildName), home: p.home}
	if err := left.Destroy(ctx); err != nil {
		return err
	}
	return os.RemoveAll(string(p.stagingDir(buildName)))
}

// progress tells the template's audience and the log.
func (b *build) progress(step string) {
	_, _ = fmt.Fprintf(b.log, "== %s %s\n", time.Now().Format(time.TimeOnly), step)
	if b.t.Progress != nil {
		b.t.Progress(step)
	}
}

// tail is the end of the log, for an error's reader, who may not find the file.
func (b *build) tail() []byte {
	const most = 4 << 10
	f, err := os.Open(b.staging.log())
	if err != nil {
		return nil
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Size() > most {
		_, _ = f.Seek(-most, io.SeekEnd)
	}
	tail, _ := io.ReadAll(f)
	return tail
}

// cleanUp removes what only the build needed.
func (b *build) cleanUp(ctx context.Context) error {
	b.progress("cleaning " + b.t.Name)
	if err := b.script(ctx, guest.CleanupScript); err != nil {
		return err
	}
	return os.RemoveAll(b.rec.Upper + ".work")
}

// seal puts the template on disk and gives it its name.
func (b *build) seal(context.Context) error {
	var err error
	if b.meta.Bytes, err = diskUsage(b.rec.Upper); err != nil {
		return err
	}
	if err := writeJSON(b.staging.meta(), b.meta); err != nil {
		return err
	}
	parent, err := os.Open(b.p.templates())
	if err != nil {
		return err
	}
	defer parent.Close()
	if err := unix.Syncfs(int(parent.Fd())); err != nil {
		return fmt.Errorf("sync template: %w", err)
	}
	final := string(b.p.templateDir(b.t.BuildName()))
	// One that is there has another digest or no meta.json: it is broken.
	if err := os.RemoveAll(final); err != nil {
		return err
	}
	if err := os.Rename(string(b.staging), final); err != nil {
		return err
	}
	return parent.Sync()
}

// diskUsage is what a tree takes on disk, in bytes.
func diskUsage(root string) (int64, error) {
	var bytes int64
	seen := map[uint64]bool{}
	err := filepath.WalkDir(root, func(_ string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		if st := info.Sys().(*syscall.Stat_t); !seen[st.Ino] {
			seen[st.Ino] = true
			bytes += st.Blocks * 512
		}
		return nil
	})
	return bytes, err
}
