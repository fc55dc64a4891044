package local

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A hierarchy is one mounted cgroup tree.
type hierarchy struct {
	mount       string
	unified     bool     // cgroup2
	controllers []string // "memory", ..., "name=systemd"
}

// hierarchies are all cgroup trees of the host: one on cgroup v2, many on v1,
// and many with a unified one beside them on a hybrid host.
type hierarchies []hierarchy

// hostHierarchies reads them from this process's mounts.
func hostHierarchies() (hierarchies, error) {
	f, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return nil, fmt.Errorf("detect cgroups: %w", err)
	}
	defer f.Close()
	hs, err := parseHierarchies(f)
	if err != nil {
		return nil, fmt.Errorf("detect cgroups: %w", err)
	}
	for i := range hs {
		if hs[i].unified {
			b, err := os.ReadFile(filepath.Join(hs[i].mount, "cgroup.controllers"))
			if err != nil {
				return nil, fmt.Errorf("detect cgroups: %w", err)
			}
			hs[i].controllers = strings.Fields(string(b))
		}
	}
	return hs, nil
}

// parseHierarchies picks the cgroup mounts out of a mountinfo file. Of
// hierarchies mounted twice the first mount counts.
func parseHierarchies(mountinfo io.Reader) (hierarchies, error) {
	var hs hierarchies
	lines := bufio.NewScanner(mountinfo)
	for lines.Scan() {
		// 30 23 0:26 / /sys/fs/cgroup/cpu rw,relatime shared:9 - cgroup none rw,cpu
		left, right, found := strings.Cut(lines.Text(), " - ")
		l, r := strings.Fields(left), strings.Fields(right)
		if !found || len(l) < 5 || len(r) < 3 || !strings.HasPrefix(l[4], "/sys/fs/cgroup") {
			continue
		}
		var h hierarchy
		switch r[0] {
		case "cgroup2":
			h = hierarchy{mount: l[4], unified: true}
		case "cgroup":
			options := strings.Split(r[2], ",")
			h = hierarchy{mount: l[4], controllers: slices.DeleteFunc(options, func(o string) bool {
				return o == "rw" || o == "ro" || o == "xattr" || o == "noprefix" || strings.HasPrefix(o, "release_agent=")
			})}
		default:
			continue
		}
		if !slices.ContainsFunc(hs, func(o hierarchy) bool {
			return o.unified == h.unified && slices.Equal(o.controllers, h.controllers)
		}) {
			hs = append(hs, h)
		}
	}
	return hs, lines.Err()
}

// version is "v1", "hybrid", "v2", or "none" where no cgroup is mounted.
func (hs hierarchies) version() string {
	v1 := slices.ContainsFunc(hs, func(h hierarchy) bool { return !h.unified })
	v2 := slices.ContainsFunc(hs, func(h hierarchy) bool { return h.unified })
	switch {
	case v1 && v2:
		return "hybrid"
	case v1:
		return "v1"
	case v2:
		return "v2"
	}
	return "none"
}

// has reports whether a controller can bound a container here.
func (hs hierarchies) has(controller string) bool {
	hybrid := hs.version() == "hybrid"
	return slices.ContainsFunc(hs, func(h hierarchy) bool {
		// On a hybrid host runc does not use the unified tree for limits.
		return (!hybrid || !h.unified) && slices.Contains(h.controllers, controller)
	})
}

// delegated are the trees a guest's systemd manages below its own cgroup. It
// never gets those with v1 controllers: it could lift its own limits.
func (hs hierarchies) delegated() []string {
	var mounts []string
	for _, h := range hs {
		if h.unified || slices.Contains(h.controllers, "name=systemd") {
			mounts = append(mounts, h.mount)
		}
	}
	return mounts
}

// tracking are the trees in which our processes are put, to be found again.
// A v1 tree with controllers is not used for that but where there is no other.
func (hs hierarchies) tracking() []string {
	if mounts := hs.delegated(); len(mounts) > 0 {
		return mounts
	}
	for _, h := range hs {
		if slices.Contains(h.controllers, "pids") {
			return []string{h.mount}
		}
	}
	return nil
}

// unified reports whether the tree mounted there is a cgroup2.
func (hs hierarchies) unified(mount string) bool {
	return slices.ContainsFunc(hs, func(h hierarchy) bool { return h.unified && h.mount == mount })
}
