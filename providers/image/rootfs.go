package image

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"

	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/guest"
)

// format is counted up when an image is made in another way.
const format = "1"

// arch is this machine's processor, which its images are for.
const arch = runtime.GOARCH

// machinePackages are what makes a root file system a machine, whatever else a
// template wants.
var machinePackages = []string{"systemd", "systemd-sysv", "dbus", "openssh-server", "sudo", "ca-certificates"}

// Rootfs returns the path of a plain tar of the root file system of t, which
// has no Base: its packages and our users are in it, its provisioning is not.
// A base of the user's own is completed with them, and must be a Debian or its
// kin; one that is a disk is providers.ErrUnavailable. Owners are numbers, extended attributes are kept (GNU tar, --xattrs).
func (s Store) Rootfs(ctx context.Context, t providers.Template) (string, error) {
	if t.Base != nil {
		return "", fmt.Errorf("make root file system of %s: it stands on %s: ask for that one's", t.Name, t.Base.Name)
	}
	path, err := s.rootfs(ctx, t)
	if err != nil {
		return "", fmt.Errorf("make root file system of %s: %w", t.Name, err)
	}
	return path, nil
}

func (s Store) rootfs(ctx context.Context, t providers.Template) (string, error) {
	return s.ensure(ctx, rootfsName(t), func(ctx context.Context, tmp, out string) error {
		if t.Source != nil {
			return s.completeSource(ctx, t, guest.SetupScript, tmp, out)
		}
		d := distributionOf(t.Suite)
		progress(t, fmt.Sprintf("bootstrapping %s with %s", d, few(t.Packages)))
		return s.bootstrap(ctx, bootstrap{distribution: d, packages: packagesOf(t), tmp: tmp, out: out, setup: guest.SetupScript})
	})
}

// rootfsName is made of all that goes into a root file system.
func rootfsName(t providers.Template) string {
	if t.Source != nil {
		return imageName("rootfs", "own", ".tar", append([]string{t.Source.Digest, guest.SetupScript, guest.CleanupScript, completeScript}, t.Packages...))
	}
	return imageName("rootfs", t.Suite, ".tar", append([]string{guest.SetupScript, guest.CleanupScript}, packagesOf(t)...))
}

// completeSource makes a machine's root file system of one of the user's own.
func (s Store) completeSource(ctx context.Context, t providers.Template, setup, tmp, out string) error {
	if strings.HasSuffix(t.Source.URL, ".qcow2") { // gigabytes that are of no use here
		return diskBase(t.Source.URL)
	}
	path, what, err := s.open(ctx, *t.Source)
	if err != nil {
		return err
	}
	if what == qcow2 {
		return diskBase(path)
	}
	progress(t, "completing "+path+" with "+few(t.Packages))
	return s.complete(ctx, path, what, setup, t.Packages, tmp, out)
}

func diskBase(base string) error {
	return fmt.Errorf("%w: its base %s is a disk, which provider lima starts, and incus with type: vm: for the others take its root file system as a tarball", providers.ErrUnavailable, base)
}

// packagesOf is what a template without a base has, and more, in an order of
// its own.
func packagesOf(t providers.Template, more ...string) []string {
	all := slices.Concat(machinePackages, t.Packages, more)
	slices.Sort(all)
	return slices.Compact(all)
}

// imageName is made of all that the image depends on.
func imageName(kind, label, suffix string, parts []string) string {
	sum := sha256.New()
	for _, p := range append([]string{format, arch, kind, label}, parts...) {
		_, _ = fmt.Fprintf(sum, "%d:%s", len(p), p) // a hash never fails to write
	}
	return kind + "-" + label + "-" + hex.EncodeToString(sum.Sum(nil))[:16] + suffix
}

// A bootstrap is one run of mmdebstrap.
type bootstrap struct {
	distribution
	packages []string
	setup    string // a script run in the root file system before it is cleaned
	tmp      string // where it works
	out      string // a tar, made anew
}

// What mmdebstrap runs, with the root file system as its argument. In that one's
// /tmp is a file by which mmdebstrap's own last calls of apt know that they mean
// this root and not the host's: the clean-up must not see it.
const (
	setupHook   = `printf %s "$BENCHTEST_SETUP" | chroot "$1" /bin/sh -s`
	cleanupHook = `mv "$1/tmp" "$1/.tmp" && mkdir -m 1777 "$1/tmp" && printf %s "$BENCHTEST_CLEANUP" | chroot "$1" /bin/sh -s && rm -rf "$1/tmp" && mv "$1/.tmp" "$1/tmp"`
)

// ErrUnprivileged is what an ordinary user gets who cannot make an image here.
var ErrUnprivileged = errors.New("needs root, or user namespaces")

func (s Store) bootstrap(ctx context.Context, b bootstrap) error {
	if err := b.check(); err != nil {
		return err
	}
	var argv []string
	mode := "unshare"
	if os.Geteuid() == 0 {
		mode = "root"
		// When we are killed, so is all that mmdebstrap started.
		argv = []string{"unshare", "--pid", "--fork", "--kill-child=KILL", "--mount-proc"}
	}
	// The scripts come by the environment: an ordinary user's namespace may not
	// see this user's files.
	argv = append(argv, "mmdebstrap", "--mode="+mode, "--variant=minbase", "--format=tar", "--include="+strings.Join(b.packages, ","),
		"--customize-hook="+setupHook, "--customize-hook="+cleanupHook)
	if proxy := s.Proxy(ctx); proxy != "" {
		argv = append(argv, `--aptopt=Acquire::http::Proxy "`+proxy+`"`)
	}
	argv = append(argv, b.suite, b.out)
	argv = append(argv, s.sources(ctx, b.distribution)...)
	cmd := command(ctx, argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), "BENCHTEST_SETUP="+b.setup, "BENCHTEST_CLEANUP="+guest.CleanupScript)
	if mode == "root" { // else it is not everybody's, as it must be
		cmd.Env = append(cmd.Env, "TMPDIR="+b.tmp)
	}
	return s.run(cmd)
}

// check says what is missing here, and how to get it.
func (b bootstrap) check() error {
	if _, err := exec.LookPath("mmdebstrap"); err != nil {
		if runtime.GOOS != "linux" {
			return errors.New("images of packages are made on Linux: give the template a base that can be downloaded, or copy the image from a Linux machine")
		}
		return errors.New("no mmdebstrap: apt-get install mmdebstrap")
	}
	if _, err := os.Stat(b.keyring); err != nil {
		return fmt.Errorf("no keys of %s: apt-get install %s", b.distribution, b.keyringPackage)
	}
	if os.Geteuid() == 0 {
		return nil
	}
	if _, err := exec.LookPath("newuidmap"); err != nil {
		return fmt.Errorf("%w: apt-get install uidmap, or let root make it: scripts/images.sh", ErrUnprivileged)
	}
	return nil
}

func progress(t providers.Template, step string) {
	if t.Progress != nil {
		t.Progress(step)
	}
}

// few names a list's first items and counts the rest.
func few(items []string) string {
	const most = 4
	if len(items) <= most {
		return strings.Join(items, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(items[:most], ", "), len(items)-most)
}
