package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/benchtest-dev/benchtest/benchtest/scenario"
	"github.com/benchtest-dev/benchtest/fixtures"
)

// A folder is a package that holds scenarios.
type folder struct {
	dir      string
	root     *os.Root
	catalog  *fixtures.Catalog
	all      []*scenario.Scenario
	problems scenario.Problems
}

// openFolder loads the scenarios of the folder that args name: at most one.
// Problems of the files are kept in it, for the command to judge. The caller
// closes it.
func openFolder(args []string) (*folder, error) {
	if len(args) > 1 {
		return nil, usagef("at most one folder, not %d", len(args))
	}
	f := &folder{dir: defaultDir(args)}
	var err error
	if f.root, err = os.OpenRoot(f.dir); err != nil {
		return nil, usagef("open scenarios: %w", err)
	}
	if f.catalog, err = catalogOf(f.dir); err != nil {
		f.close()
		return nil, usageError{err}
	}
	f.all, f.problems = scenario.Load(f.root.FS(), scenario.LoadOptions{Templates: f.catalog.Names()})
	return f, nil
}

// close closes the folder; its scenarios cannot read their files any more.
// Nothing was written, so that there is nothing to report.
func (f *folder) close() { _ = f.root.Close() }

// loaded is openFolder for commands that need every scenario to be sound.
func loaded(args []string) (*folder, error) {
	f, err := openFolder(args)
	if err != nil {
		return nil, err
	}
	if err := f.problems.Errors().Err(); err != nil {
		f.close()
		return nil, usageError{err}
	}
	return f, nil
}

// defaultDir is the folder in args, else the current one where it holds
// generated scenarios, else ./scenarios where that is there.
func defaultDir(args []string) string {
	if len(args) == 1 {
		return args[0]
	}
	if _, err := os.Stat(scenario.GeneratedFile); err == nil {
		return "."
	}
	if info, err := os.Stat("scenarios"); err == nil && info.IsDir() {
		return "scenarios"
	}
	return "."
}

// catalogAt is the catalog of the folder that args name: at most one, which is
// there.
func catalogAt(args []string) (*fixtures.Catalog, error) {
	if len(args) > 1 {
		return nil, usagef("at most one folder, not %d", len(args))
	}
	dir := defaultDir(args)
	if _, err := os.Stat(dir); err != nil {
		return nil, usagef("open templates: %w", err)
	}
	c, err := catalogOf(dir)
	if err != nil {
		return nil, usageError{err}
	}
	return c, nil
}

// catalogOf reads the template definitions that scenarios in dir may use:
// those in dir/templates, then the embedded ones.
func catalogOf(dir string) (*fixtures.Catalog, error) {
	var layers []fs.FS
	own := filepath.Join(dir, "templates")
	if info, err := os.Stat(own); err == nil && info.IsDir() {
		layers = append(layers, os.DirFS(own))
	}
	c, err := fixtures.LoadTemplates(append(layers, fixtures.Embedded())...)
	if err != nil {
		return nil, fmt.Errorf("load templates: %w", err)
	}
	return c, nil
}
