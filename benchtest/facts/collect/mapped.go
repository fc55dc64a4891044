//go:build linux

package collect

import (
	"context"
	"path"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

// maxMaps bounds /proc/PID/maps: a process may have tens of thousands.
const maxMaps = 8 << 20

// newCode lists the files, beside its executable, whose code p runs and that
// were written after the healthy machine was seen: a preloaded library, a module,
// one that shadows another. Files of packages are left to integrity. What was
// written when is a file's ctime, which nobody in a guest can choose. An
// interpreter's libraries are not looked at: what it runs is a text.
func (s *session) newCode(ctx context.Context, p *proc, exe unix.Stat_t) []string {
	since, known := s.req.Times[facts.Healthy]
	if !known || isInterpreter(p.exe) {
		return nil
	}
	b, err := s.env.Proc.ReadFile(ctx, p.dir+"/maps", maxMaps)
	if err != nil {
		return nil // it ended, or it is not ours to look at
	}
	var list []string
	for addresses, name := range codeMappings(string(b)) {
		var st unix.Stat_t
		if unix.Fstatat(s.env.Proc.fd, p.dir+"/map_files/"+addresses, &st, 0) != nil {
			continue
		}
		same := st.Dev == exe.Dev && st.Ino == exe.Ino
		if !same && st.Ctim.Nano() > since.UnixNano() && !s.isPackaged(ctx, name, st) {
			list = append(list, name)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// codeMappings yields the address range and the file of each mapping with code.
func codeMappings(maps string) func(yield func(addresses, name string) bool) {
	return func(yield func(addresses, name string) bool) {
		for line := range strings.Lines(maps) {
			// address perms offset dev inode, and the path after some blanks
			f := strings.SplitN(strings.TrimSuffix(line, "\n"), " ", 6)
			if len(f) < 6 || len(f[1]) < 3 || f[1][2] != 'x' || f[4] == "0" {
				continue
			}
			if !yield(f[0], strings.TrimLeft(f[5], " ")) {
				return
			}
		}
	}
}

// isPackaged reports whether a package has a file at name, and the one there is st.
func (s *session) isPackaged(ctx context.Context, name string, st unix.Stat_t) bool {
	packaged, err := s.packaged.get(func() (map[string]bool, error) { return s.readPackaged(ctx) })
	if err != nil || !packaged[name] {
		return false
	}
	there, err := s.env.Root.Stat(name)
	return err == nil && there.Dev == st.Dev && there.Ino == st.Ino
}

// readPackaged lists the files of all packages: of the template where it is out
// of the guest's reach, so that nobody makes a package of his own.
func (s *session) readPackaged(ctx context.Context) (map[string]bool, error) {
	sources := []*Root{s.env.Root}
	if s.env.Layers.Upper != nil {
		sources = s.env.Layers.Lower
	}
	lists, err := digestLists(sources)
	if err != nil {
		return nil, err
	}
	i := &inspection{links: topLinks(sources)}
	packaged := map[string]bool{}
	for _, l := range lists {
		b, err := l.tree.ReadFile(ctx, dpkgInfo+"/"+l.pkg+".md5sums", maxPackageFile)
		if err != nil {
			continue // removed in a layer above
		}
		for line := range strings.Lines(string(b)) {
			if _, name, ok := strings.Cut(strings.TrimRight(line, "\n"), "  "); ok {
				packaged[i.merged(name)] = true
			}
		}
	}
	return packaged, ctx.Err()
}

// isInterpreter reports whether the executable runs texts.
func isInterpreter(exe string) bool {
	name := path.Base(exe)
	for _, prefix := range []string{"python", "perl", "ruby", "php", "node", "java", "lua", "tclsh"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return slices.Contains([]string{"sh", "bash", "dash", "zsh", "ksh", "busybox"}, name)
}
