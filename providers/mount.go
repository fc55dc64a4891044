package providers

import (
	"cmp"
	"fmt"
	"path"
	"path/filepath"
	"strings"
)

// A Mount shows a directory of the driver in a guest.
type Mount struct {
	Host     string // absolute
	Guest    string // absolute; empty: as Host
	Writable bool
}

// Place is where the guest sees it.
func (m Mount) Place() string { return path.Clean(cmp.Or(m.Guest, m.Host)) }

// shadowed are the guest's places that its own mounts hide.
var shadowed = []string{"/proc", "/sys", "/dev", "/run"}

// CheckMounts refuses what no guest could see. It looks at the words alone, not
// at the directories.
func CheckMounts(mounts []Mount) error {
	var places []string
	for _, m := range mounts {
		at := m.Place()
		if !filepath.IsAbs(m.Host) || !filepath.IsAbs(at) || filepath.Clean(m.Host) == "/" || at == "/" {
			return fmt.Errorf("mount %s at %s: want directories with absolute paths, and not /", m.Host, at)
		}
		for _, hidden := range shadowed {
			if Inside(hidden, at) {
				return fmt.Errorf("mount %s at %s: the guest has its own %s", m.Host, at, hidden)
			}
		}
		for _, other := range places {
			if Inside(other, at) || Inside(at, other) {
				return fmt.Errorf("mount %s at %s: it overlaps the mount at %s", m.Host, at, other)
			}
		}
		places = append(places, at)
	}
	return nil
}

// Inside reports whether a clean path is dir or below it.
func Inside(dir, path string) bool { return path == dir || strings.HasPrefix(path, dir+"/") }
