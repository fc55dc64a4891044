package scenario

import (
	"cmp"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// LoadOptions say what a scenario may refer to.
type LoadOptions struct {
	// Templates are the names that a host's template may have; nil means that
	// they are not checked.
	Templates []string
}

// Load reads every scenario below root, strictly. It returns the scenarios
// without an error, sorted by key, and all problems of all files; their file
// names are below root. A directory with a scenario file is one scenario, and
// what is below it belongs to it. Not entered are hidden directories and those
// called testdata or templates, and symbolic links.
//
// Every path is opened through root: hand in the FS of an os.Root to be sure
// that no symbolic link leaves it.
func Load(root fs.FS, o LoadOptions) ([]*Scenario, Problems) {
	l := loader{root: root, options: o}
	l.dir(".")
	slices.SortFunc(l.loaded, func(a, b *Scenario) int { return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.Dir, b.Dir)) })
	l.checkUnique()
	return l.loaded, l.problems.Sorted()
}

type loader struct {
	root     fs.FS
	options  LoadOptions
	loaded   []*Scenario
	problems Problems
}

// dir loads the scenarios of one directory and of those below it.
func (l *loader) dir(dir string) {
	r := &report{file: dir}
	defer func() { l.problems = append(l.problems, r.list...) }()
	entries, err := fs.ReadDir(l.root, dir)
	if err != nil {
		r.errorf(place{1, 1}, "read directory: %v", cause(err))
		return
	}
	if names := scenarioFiles(entries); len(names) > 0 {
		l.scenario(dir, names)
		return
	}
	for _, e := range entries {
		below := path.Join(dir, e.Name())
		switch {
		case e.IsDir() && !skipped(e.Name()):
			l.dir(below)
		case e.Type()&fs.ModeSymlink != 0:
			if info, err := fs.Stat(l.root, below); err != nil || info.IsDir() {
				r.list = append(r.list, Problem{File: below, Text: "a symbolic link is not followed: scenarios below it are not seen", Warning: true})
			}
		}
	}
}

func skipped(name string) bool {
	return name == "testdata" || name == "templates" || strings.HasPrefix(name, ".")
}

// scenarioFiles are the entries that are, or were meant to be, scenario files.
func scenarioFiles(entries []fs.DirEntry) []string {
	var names []string
	for _, e := range entries {
		switch strings.ToLower(e.Name()) {
		case "scenario.yaml", "scenario.yml", "scenario.json":
			if !e.IsDir() {
				names = append(names, e.Name())
			}
		}
	}
	return names
}

// scenario loads one directory.
func (l *loader) scenario(dir string, names []string) {
	r := &report{file: path.Join(dir, names[0])}
	defer func() { l.problems = append(l.problems, r.list...) }()
	if len(names) > 1 {
		r.errorf(place{1, 1}, "%s is here too: drop one of them", strings.Join(names[1:], " and "))
		return
	}
	if names[0] != "scenario.yaml" && names[0] != "scenario.json" {
		r.errorf(place{1, 1}, "must be called scenario.yaml or scenario.json")
		return
	}
	sub, err := fs.Sub(l.root, dir)
	if err != nil {
		r.errorf(place{1, 1}, "open directory: %v", cause(err))
		return
	}
	s := &Scenario{Dir: dir, File: r.file, FS: sub, places: map[string]place{}}
	l.digest(s)
	if data, ok := read(l.root, s.File, r); ok {
		if tree, ok := parseTree(data, r); ok {
			d := decoder{s: s, r: r, options: l.options}
			d.decode(tree)
			l.problems = append(l.problems, s.findScripts()...)
			l.problems = append(l.problems, s.readInventory()...)
			l.loaded = append(l.loaded, s)
		}
	}
}

// checkUnique reports scenarios of one key or one subtest, and takes those
// with errors out.
func (l *loader) checkUnique() {
	first := map[string]*Scenario{}
	for _, s := range l.loaded {
		if s.Name == "" {
			continue // reported
		}
		r := &report{file: s.File}
		test := "Test_" + s.Group + "/" + s.Name
		if other := first[s.Key]; other != nil {
			r.errorf(s.place("key"), "key %q is that of %s too", s.Key, other.File)
		} else if other := first[test]; other != nil {
			r.errorf(s.place("key"), "the subtest %s is that of %s too: change the key", test, other.File)
		}
		first[s.Key], first[test] = s, s
		l.problems = append(l.problems, r.list...)
	}
	errs := l.problems.Errors()
	l.loaded = slices.DeleteFunc(l.loaded, func(s *Scenario) bool {
		return slices.ContainsFunc(errs, func(p Problem) bool { return s.owns(p.File) })
	})
}

// owns reports whether file, below the root, is in the scenario's directory.
func (s *Scenario) owns(file string) bool {
	return s.Dir == "." || file == s.Dir || strings.HasPrefix(file, s.Dir+"/")
}
