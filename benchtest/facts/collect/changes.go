//go:build linux

package collect

import (
	"context"
	"path"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// changes are the paths that an upper layer has something to say about.
type changes struct {
	files map[string]bool
	trees []string // directories of which no lower file is left in sight
}

// touches reports whether the upper layer decides what is at name.
func (c *changes) touches(name string) bool {
	return c.files[name] || slices.ContainsFunc(c.trees, func(dir string) bool { return strings.HasPrefix(name, dir+"/") })
}

// readUpper walks the upper layer. A directory that no lower layer has is of
// the guest's own making and holds nothing of a package's.
func readUpper(ctx context.Context, layers OpenLayers) (*changes, error) {
	c := &changes{files: map[string]bool{}}
	return c, c.walk(ctx, layers, "/")
}

func (c *changes) walk(ctx context.Context, layers OpenLayers, dir string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	names, err := layers.Upper.ReadDir(dir)
	if notThere(err) {
		return nil // removed meanwhile
	}
	if err != nil {
		return err
	}
	if dir != "/" && layers.Upper.xattr(dir, "trusted.overlay.opaque") == "y" {
		c.trees = append(c.trees, dir)
	}
	for _, name := range names {
		at := path.Join(dir, name)
		st, err := layers.Upper.Lstat(at)
		if err != nil {
			continue // removed meanwhile
		}
		isDir := st.Mode&unix.S_IFMT == unix.S_IFDIR
		wasDir := slices.ContainsFunc(layers.Lower, func(l *Root) bool {
			was, err := l.Lstat(at)
			return err == nil && was.Mode&unix.S_IFMT == unix.S_IFDIR
		})
		switch {
		case isDir && wasDir:
			if err := c.walk(ctx, layers, at); err != nil {
				return err
			}
		case wasDir:
			c.trees = append(c.trees, at)
		default: // a directory too, in a file's place perhaps
			c.files[at] = true
		}
	}
	return nil
}
