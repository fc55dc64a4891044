//go:build linux

package collect

import (
	"context"
	"crypto/md5" //nolint:gosec // dpkg's digests are MD5; to replace a file one would have to find a second text for one of them
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

// maxChanged bounds the list: a machine upgraded as a whole changes thousands.
const maxChanged = 500

const dpkgInfo = "/var/lib/dpkg/info"

// integrity compares the files of packages that may have changed with the
// digests that dpkg keeps of all files but conffiles. Where the guest's root is
// an overlay, the upper layer holds all that changed and the lower ones hold
// digests that nobody in the guest could touch; elsewhere a file's ctime tells
// whether it was touched since healthy.
func integrity(ctx context.Context, s *session, q facts.Query) (finding, error) {
	if q.Subject != facts.SubjectPackages {
		return finding{}, fmt.Errorf("integrity: unknown subject %q", q.Subject)
	}
	i := &inspection{session: s, foreign: s.guard.foreign(), covered: map[string]bool{}, unguarded: s.env.Root.guarded(nil)}
	lists, err := i.prepare(ctx)
	if err != nil {
		return finding{}, err
	}
	for _, l := range lists {
		if err := i.read(ctx, l); err != nil {
			return finding{}, err
		}
		i.lookForCovers(ctx, l)
	}
	i.lookForPreload()
	slices.Sort(i.changed)
	return finding{attrs: map[string]any{"changed": slices.Compact(i.changed)}}, nil
}

// An inspection is the work on one question about integrity.
type inspection struct {
	*session
	suspect func(name string) bool // whether the file may have changed
	tree    *Root                  // where to look at it
	links   map[string]string      // what top directories really are: bin is usr/bin
	foreign []string               // mount points that were not there before
	covered map[string]bool        // those of them that are in the list
	// unguarded is the guest's tree, foreign mounts and all.
	unguarded *Root
	changed   []string
}

// A digestList is a file of digests of one package.
type digestList struct {
	pkg  string
	tree *Root
}

// prepare chooses where digests come from and which files are looked at.
func (i *inspection) prepare(ctx context.Context) ([]digestList, error) {
	sources := []*Root{i.env.Root}
	if upper := i.env.Layers.Upper; upper != nil {
		sources = i.env.Layers.Lower
		changes, err := readUpper(ctx, i.env.Layers)
		if err != nil {
			return nil, fmt.Errorf("list changes: %w", err)
		}
		i.tree = upper
		i.suspect = func(name string) bool {
			// With a metacopy only mode or owner changed.
			return changes.touches(name) && upper.xattr(name, "trusted.overlay.metacopy") == ""
		}
	} else {
		since, known := i.req.Times[facts.Healthy]
		i.tree = i.env.Root
		i.suspect = func(name string) bool {
			if !known {
				return false // this is how it is
			}
			st, err := i.env.Root.Lstat(name)
			return err != nil || st.Ctim.Nano() > since.UnixNano()
		}
	}
	i.links = topLinks(sources)
	return digestLists(sources)
}

// digestLists finds the lists of all packages; of two layers that have one,
// the first counts.
func digestLists(sources []*Root) ([]digestList, error) {
	var lists []digestList
	seen := map[string]bool{}
	for _, tree := range sources {
		names, err := tree.ReadDir(dpkgInfo)
		if err != nil && !notThere(err) {
			return nil, fmt.Errorf("list packages: %w", err)
		}
		for _, name := range names {
			pkg, ok := strings.CutSuffix(name, ".md5sums")
			if ok && !seen[pkg] {
				seen[pkg] = true
				lists = append(lists, digestList{pkg, tree})
			}
		}
	}
	if len(lists) == 0 {
		return nil, errors.New("list packages: no dpkg database with digests is there; this version reads no other")
	}
	return lists, nil
}

// topLinks are the symlinks that a merged /usr has at its top.
func topLinks(sources []*Root) map[string]string {
	links := map[string]string{}
	for _, name := range []string{"bin", "sbin", "lib", "lib32", "lib64", "libx32"} {
		for _, tree := range sources {
			if target, err := tree.Readlink("/" + name); err == nil {
				links[name] = strings.TrimPrefix(target, "/")
				break
			}
		}
	}
	return links
}

// read goes through the digests of one package.
func (i *inspection) read(ctx context.Context, l digestList) error {
	b, err := l.tree.ReadFile(ctx, dpkgInfo+"/"+l.pkg+".md5sums", maxPackageFile)
	if errors.Is(err, errNotRegular) || notThere(err) {
		return nil // a whiteout: the package was removed in a layer above
	}
	if err != nil {
		return fmt.Errorf("read digests: %w", err)
	}
	pkg, _, _ := strings.Cut(l.pkg, ":") // libc6:amd64
	for line := range strings.Lines(string(b)) {
		digest, name, ok := strings.Cut(strings.TrimRight(line, "\n"), "  ")
		if !ok {
			continue
		}
		name = i.merged(name)
		if len(i.changed) < maxChanged && i.suspect(name) {
			if is := i.digest(ctx, name); is != digest {
				i.changed = append(i.changed, fmt.Sprintf("%s %s: %s", pkg, name, is))
			}
		}
	}
	return ctx.Err()
}

// lookForCovers notes each mount that was not there before and hides a file of
// the package, be it a conffile: behind it the machine is as broken as it was,
// and so it is again after the next boot.
func (i *inspection) lookForCovers(ctx context.Context, l digestList) {
	if len(i.foreign) == len(i.covered) {
		return
	}
	b, err := l.tree.ReadFile(ctx, dpkgInfo+"/"+l.pkg+".list", maxPackageFile)
	if err != nil {
		return // one that owns nothing
	}
	pkg, _, _ := strings.Cut(l.pkg, ":")
	for line := range strings.Lines(string(b)) {
		name := i.merged(strings.TrimPrefix(strings.TrimRight(line, "\n"), "/"))
		for _, point := range i.foreign {
			if !i.covered[point] && i.hides(point, name) {
				i.covered[point] = true
				i.changed = append(i.changed, fmt.Sprintf("%s %s: something is mounted over %s", pkg, name, point))
			}
		}
	}
}

// preloadList says what the loader brings into every program that starts. No
// package has one, and yet it changes all of their programs.
const preloadList = "/etc/ld.so.preload"

// lookForPreload notes a list that was written since healthy.
func (i *inspection) lookForPreload() {
	since, known := i.req.Times[facts.Healthy]
	st, err := i.unguarded.Lstat(preloadList)
	if known && err == nil && st.Size > 0 && st.Ctim.Nano() > since.UnixNano() {
		i.changed = append(i.changed, "libc6 "+preloadList+": it is new, and every program loads what it says")
	}
}

// hides reports whether a mount at point hides what a package has at name. An
// empty directory of the package's is there to be mounted on.
func (i *inspection) hides(point, name string) bool {
	if name == point {
		st, err := i.unguarded.Lstat(point)
		return err == nil && st.Mode&unix.S_IFMT != unix.S_IFDIR
	}
	return strings.HasPrefix(name, strings.TrimSuffix(point, "/")+"/")
}

// merged is the path of a package's file on a machine with a merged /usr.
func (i *inspection) merged(name string) string {
	if top, rest, ok := strings.Cut(name, "/"); ok && i.links[top] != "" {
		name = i.links[top] + "/" + rest
	}
	return "/" + name
}

// digest is the MD5 of the file at name, or what else is there.
func (i *inspection) digest(ctx context.Context, name string) string {
	st, err := i.tree.Lstat(name)
	switch {
	case err != nil, isWhiteout(st):
		return "gone"
	case st.Mode&unix.S_IFMT != unix.S_IFREG:
		return fileType(st.Mode)
	case st.Size > maxHashed:
		return fmt.Sprintf("larger than %d MiB", maxHashed>>20)
	}
	f, err := i.tree.Open(name)
	if err != nil {
		return "unreadable"
	}
	defer f.Close()
	sum := md5.New() //nolint:gosec // see above
	if _, err := io.Copy(sum, &ctxReader{ctx, f}); err != nil {
		return "unreadable"
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// isWhiteout recognises what overlay puts where a lower file was removed.
func isWhiteout(st unix.Stat_t) bool { return st.Mode&unix.S_IFMT == unix.S_IFCHR && st.Rdev == 0 }
