package incus

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/image"
)

// A Provider makes instances of Incus. Its methods may be called concurrently,
// and by several processes on several hosts.
type Provider struct {
	home    string
	run     string
	server  server // the project of ours
	env     func(string) string
	rootfs  fileFunc // makes the root file system of a template without a base, as an uncompressed tarball
	disk    fileFunc // makes the disk of one, as a qcow2
	mu      sync.Mutex
	site    *site // what the server has; nil: not asked yet
	project string
}

// A fileFunc makes the file that a template's instance is made of.
type fileFunc func(ctx context.Context, t providers.Template, log io.Writer) (path string, err error)

var (
	_ providers.Provider             = (*Provider)(nil)
	_ providers.Networker            = (*Provider)(nil)
	_ providers.Copier               = (*Provider)(nil)
	_ providers.Saver                = (*Provider)(nil)
	_ providers.Prober               = (*Machine)(nil)
	_ providers.ProbeGrader          = (*Machine)(nil)
	_ providers.Rebooter             = (*Machine)(nil)
	_ providers.InterruptionReporter = (*Machine)(nil)
	_ providers.Snapshotter          = (*Machine)(nil)
	_ providers.SnapshotKeeper       = (*Machine)(nil)
	_ providers.Starter              = (*Machine)(nil)
	_ providers.Resizer              = (*Machine)(nil)
	_ providers.LimitReporter        = (*Machine)(nil)
)

// New makes the provider; nothing is asked of Incus yet. The package's comment
// says which daemon it is.
func New(o providers.Options) (providers.Provider, error) { return newProvider(o, os.Getenv) }

func newProvider(o providers.Options, env func(string) string) (*Provider, error) {
	if !filepath.IsAbs(o.Home) {
		return nil, fmt.Errorf("make provider incus: home %q is not absolute", o.Home)
	}
	r, err := findRemote(env)
	if err != nil {
		return nil, fmt.Errorf("make provider incus: %w", err)
	}
	p := &Provider{home: filepath.Clean(o.Home), run: o.Run, env: env, project: cmp.Or(env("BENCHTEST_INCUS_PROJECT"), "benchtest")}
	p.server = server{remote: r, project: p.project}
	store := func(log io.Writer) image.Store { return image.Store{Dir: filepath.Join(p.home, "images"), Log: log} }
	p.rootfs = func(ctx context.Context, t providers.Template, log io.Writer) (string, error) {
		return store(log).Rootfs(ctx, t)
	}
	p.disk = func(ctx context.Context, t providers.Template, log io.Writer) (string, error) {
		return store(log).Disk(ctx, t)
	}
	return p, nil
}
