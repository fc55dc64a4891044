package benchtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/scenario"
	"github.com/benchtest-dev/benchtest/fixtures"
)

// changes are the files that differ from a git reference: committed since the
// branches parted, not committed yet, or not even added.
type changes struct {
	files   []string // slash-separated, below the repository's root
	pkg     string   // the package's directory, there too; "." is the root itself
	catalog *fixtures.Catalog
}

// changedSince asks git. That there is no repository, or no such reference, is
// an error with its remedy.
func changedSince(ctx context.Context, dir, ref string, catalog *fixtures.Catalog) (*changes, error) {
	const flag = "-benchtest.changed"
	top, err := git(ctx, dir, "rev-parse", "--show-toplevel")
	if err != nil {
		return nil, fmt.Errorf("%s=%s: %s is in no git repository (%w): run without %s", flag, ref, dir, err, flag)
	}
	root := strings.TrimSuffix(string(top), "\n")
	if _, err := git(ctx, dir, "rev-parse", "--verify", "--quiet", "--end-of-options", ref+"^{commit}"); err != nil {
		return nil, fmt.Errorf("%s=%s: there is no such commit here: fetch it first, as with git fetch origin %s", flag, ref, path.Base(ref))
	}
	since, err := git(ctx, dir, "merge-base", "--", ref, "HEAD")
	if err != nil {
		return nil, fmt.Errorf("%s=%s: it shares no history with HEAD (%w): fetch more of it, as with git fetch --unshallow", flag, ref, err)
	}
	c := &changes{catalog: catalog}
	for _, args := range [][]string{
		{"diff", "--name-only", "--no-renames", "-z", strings.TrimSpace(string(since)), "--"},
		{"ls-files", "--others", "--exclude-standard", "-z"},
	} {
		out, err := git(ctx, root, args...)
		if err != nil {
			return nil, fmt.Errorf("%s=%s: %w", flag, ref, err)
		}
		for file := range bytes.SplitSeq(out, []byte{0}) {
			if len(file) > 0 {
				c.files = append(c.files, string(file))
			}
		}
	}
	real, err := filepath.EvalSymlinks(dir) // as git sees it
	if err != nil {
		return nil, fmt.Errorf("find the package: %w", err)
	}
	pkg, err := filepath.Rel(root, real)
	if err != nil {
		return nil, fmt.Errorf("find the package: %w", err)
	}
	c.pkg = filepath.ToSlash(pkg)
	return c, nil
}

// git runs one git command in dir and returns what it printed.
func git(ctx context.Context, dir string, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "git", append([]string{"-C", dir}, args...)...)
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && len(exit.Stderr) > 0 {
		return nil, fmt.Errorf("git %s: %s", args[0], strings.TrimSpace(string(exit.Stderr)))
	}
	if err != nil {
		return nil, fmt.Errorf("git %s: %w", args[0], err)
	}
	return out, nil
}

// touch reports whether a change may change how an attempt at sc ends: one of its
// own files, of a template that its machines stand on, or of what all scenarios
// share: Go code, the modules it comes from, and what else lies in the package.
// Documents and tests of other packages touch none.
func (c *changes) touch(sc *scenario.Scenario) bool {
	return slices.ContainsFunc(c.files, func(file string) bool {
		if template := templateOf(file); template != "" && slices.Contains(c.catalog.Names(), template) {
			return c.standsOn(sc, template)
		}
		own, inside := strings.CutPrefix(file, c.pkg+"/")
		inside = inside || c.pkg == "."
		switch {
		case inside && strings.HasPrefix(own, sc.Dir+"/"):
			return true
		case inside && !strings.Contains(own, "/"): // TestMain, an inventory; the table only follows scenarios
			return path.Ext(own) != ".md" && own != scenario.GeneratedFile
		}
		return shared(file)
	})
}

// shared reports whether a file is code that every scenario runs with.
func shared(file string) bool {
	switch base := path.Base(file); {
	case base == "go.mod", base == "go.sum":
		return true
	case strings.HasSuffix(base, "_test.go"):
		return false
	}
	return path.Ext(file) == ".go"
}

// templateOf is NAME of a file templates/NAME/..., wherever that lies; empty for
// any other.
func templateOf(file string) string {
	parts := strings.Split(file, "/")
	for i, p := range parts {
		if p == "templates" && i+2 < len(parts) {
			return parts[i+1]
		}
	}
	return ""
}

// standsOn reports whether a machine of sc is made of a template, or of one that
// stands on it.
func (c *changes) standsOn(sc *scenario.Scenario, name string) bool {
	for _, h := range sc.Hosts {
		t, err := c.catalog.Get(h.Template)
		if err != nil {
			return true // it is about to fail, and should
		}
		for at := &t; at != nil; at = at.Base {
			if at.Name == name {
				return true
			}
		}
	}
	return false
}
