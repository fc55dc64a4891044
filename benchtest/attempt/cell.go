package attempt

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/benchtest-dev/benchtest/benchtest/engines"
	"github.com/benchtest-dev/benchtest/benchtest/engines/isolate"
	"github.com/benchtest-dev/benchtest/providers/bastion"
)

// openCell confines the engine's program to dir, where it starts one. The
// reference fixes lie below our working directory, since that is where go test
// runs us, and in whatever repository that belongs to.
func (t *try) openCell(ctx context.Context, dir string) (*isolate.Cell, error) {
	if _, launches := t.Engine.(engines.Launcher); !launches {
		return nil, nil //nolint:nilnil // a nil Cell confines nothing, and is ready
	}
	scenarios, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	checkout := checkoutOf(scenarios)
	return t.warden.Open(ctx, isolate.Config{
		Binary: t.Binary, Dir: dir,
		Hide:  append(gitStores(checkout), scenarios, t.Journal.Home(), t.Record.Dir, t.Scratch),
		Cover: []string{checkout},
	})
}

// owner is who else than we may use the bastion.
func owner(cell *isolate.Cell) *bastion.Owner {
	uid, gid, own := cell.Owner()
	if !own {
		return nil
	}
	return &bastion.Owner{UID: uid, GID: gid}
}

// checkoutOf is the outermost directory around dir that is a module or a
// repository; dir itself where none is.
func checkoutOf(dir string) string {
	found := dir
	for d := dir; ; d = filepath.Dir(d) {
		for _, mark := range []string{"go.mod", "go.work", ".git"} {
			if _, err := os.Stat(filepath.Join(d, mark)); err == nil {
				found = d
			}
		}
		if d == filepath.Dir(d) {
			return found
		}
	}
}

// gitStores are the directories outside a checkout that hold its history, and
// so its reference fixes: a linked worktree has such.
func gitStores(checkout string) []string {
	link, err := os.ReadFile(filepath.Join(checkout, ".git"))
	store, found := strings.CutPrefix(strings.TrimSpace(string(link)), "gitdir: ")
	if err != nil || !found {
		return nil
	}
	store = below(checkout, store)
	common, err := os.ReadFile(filepath.Join(store, "commondir"))
	if errors.Is(err, fs.ErrNotExist) {
		return []string{store}
	}
	return []string{store, below(store, strings.TrimSpace(string(common)))}
}

// below is path, which counts from dir where it is relative.
func below(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}
