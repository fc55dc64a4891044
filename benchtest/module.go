package benchtest

import (
	"os"
	"path/filepath"
)

// packagePath is dir, a package's directory, as a path that the go command
// understands in the root of dir's module: ".", or "./scenarios". Without a
// go.mod above it, it is ".", which is right in dir itself.
func packagePath(dir string) string {
	for root := dir; ; root = filepath.Dir(root) {
		if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
			rel, err := filepath.Rel(root, dir)
			if err != nil || rel == "." {
				return "."
			}
			return "./" + filepath.ToSlash(rel)
		}
		if root == filepath.Dir(root) {
			return "."
		}
	}
}
