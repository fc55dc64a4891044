package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/benchtest-dev/benchtest/providers"
)

// A Provider makes runc containers that behave like machines. Its methods may
// be called concurrently, and by several processes on one host.
type Provider struct {
	home string
	run  string
	// client is the user whom a helper under sudo serves; 0: root itself.
	client int
}

var (
	_ providers.Provider      = (*Provider)(nil)
	_ providers.Networker     = (*Provider)(nil)
	_ providers.Prober        = (*Machine)(nil)
	_ providers.Rebooter      = (*Machine)(nil)
	_ providers.LimitReporter = (*Machine)(nil)
	_ providers.Saver         = (*Provider)(nil)
	_ providers.Starter       = (*Machine)(nil)
	_ providers.Remounter     = (*Machine)(nil)
	_ providers.Resizer       = (*Machine)(nil)
)

// New makes the provider; nothing is touched yet. For an ordinary user it works
// through a helper that `sudo -n` starts, which is this program again: see
// MonitorMain.
func New(o providers.Options) (providers.Provider, error) {
	p, err := newProvider(o)
	if err != nil {
		return nil, err
	}
	if os.Geteuid() != 0 {
		return newElevated(o), nil
	}
	return p, nil
}

func newProvider(o providers.Options) (*Provider, error) {
	if !filepath.IsAbs(o.Home) {
		return nil, fmt.Errorf("make provider local: home %q is not absolute", o.Home)
	}
	if o.Run != "" && !runName.MatchString(o.Run) {
		return nil, fmt.Errorf("make provider local: run ID %q cannot name a cgroup", o.Run)
	}
	return &Provider{home: filepath.Clean(o.Home), run: o.Run}, nil
}

// A requirement is one thing of the host's that this provider needs.
type requirement struct {
	missing func() bool
	text    string // what it is and how to get it
}

func noProgram(name string) func() bool {
	return func() bool {
		_, err := exec.LookPath(name)
		return err != nil
	}
}

var requirements = []requirement{
	{noProgram("runc"), "runc: apt-get install runc"},
	{noProgram("mmdebstrap"), "mmdebstrap: apt-get install mmdebstrap"},
	{noProgram("mkfs.ext4"), "mkfs.ext4: apt-get install e2fsprogs"},
	{func() bool { return !exists("/usr/share/keyrings/debian-archive-keyring.gpg") }, "Debian's keys: apt-get install debian-archive-keyring"},
	{func() bool { return !knowsFileSystem("overlay") }, "overlay file systems: modprobe overlay"},
	{func() bool { return !exists("/dev/loop-control") }, "loop devices: modprobe loop"},
	{func() bool { return !allowsUserNamespaces() }, "user namespaces: sysctl -w user.max_user_namespaces=10000"},
}

// Check says everything that is missing here, each with the command that
// mends it.
func (p *Provider) Check(context.Context) error {
	var errs []error
	for _, r := range requirements {
		if r.missing() {
			errs = append(errs, errors.New("provider local needs "+r.text))
		}
	}
	hs, err := hostHierarchies()
	switch {
	case err != nil:
		errs = append(errs, err)
	case len(hs.tracking()) == 0:
		errs = append(errs, errors.New("provider local needs cgroups: mount -t cgroup2 none /sys/fs/cgroup"))
	}
	if onOverlay(p.home) {
		errs = append(errs, fmt.Errorf("provider local cannot keep layers in %s, which is on an overlay file system itself: set BENCHTEST_HOME to a directory on ext4, xfs or btrfs", p.home))
	}
	return errors.Join(errs...)
}

// onOverlay reports whether path, or what there is of it, is on an overlay,
// as the root directory of most containers is.
func onOverlay(path string) bool {
	for !exists(path) && path != "/" {
		path = filepath.Dir(path)
	}
	var st unix.Statfs_t
	return unix.Statfs(path, &st) == nil && st.Type == unix.OVERLAYFS_SUPER_MAGIC
}

// knowsFileSystem reports whether the kernel can mount the type; mount(8)
// would load a module of that name by itself.
func knowsFileSystem(name string) bool {
	b, err := os.ReadFile("/proc/filesystems")
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(line); len(f) > 0 && f[len(f)-1] == name {
			return true
		}
	}
	return exists("/sys/module/" + name)
}

func allowsUserNamespaces() bool {
	b, err := os.ReadFile("/proc/sys/user/max_user_namespaces")
	return err == nil && strings.TrimSpace(string(b)) != "0" && exists("/proc/self/ns/user")
}
