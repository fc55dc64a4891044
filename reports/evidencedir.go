package reports

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// A runRoots is the directory of a run whose attempts are read one after the
// other, and the directories in it that attempts lie in. They stay open, since
// os.Root looks up each name on the way by itself.
type runRoots struct {
	dir     string
	run     *os.Root // nil: none is open
	parents map[string]*os.Root
}

// maxOpen bounds the directories that are kept open: a suite's scenarios.
const maxOpen = 64

// enter opens the run in dir, unless it is open.
func (r *runRoots) enter(dir string) error {
	if r.run != nil && r.dir == dir {
		return nil
	}
	r.close()
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	r.dir, r.run, r.parents = dir, root, map[string]*os.Root{}
	return nil
}

func (r *runRoots) close() {
	if r.run == nil {
		return
	}
	r.closeParents()
	r.run.Close()
	r.run = nil
}

func (r *runRoots) closeParents() {
	for _, root := range r.parents {
		root.Close()
	}
	clear(r.parents)
}

// attempt opens the directory of an attempt below the run's.
func (r *runRoots) attempt(dir string) (d evidenceDir, err error) {
	parent, name := filepath.Split(dir)
	in := r.run
	if parent != "" {
		if in, err = r.parent(parent); err != nil {
			return d, err
		}
	}
	if d.attempt, err = in.OpenRoot(name); err != nil {
		return d, err
	}
	if d.facts, err = d.attempt.OpenRoot(factsDir); err != nil {
		d.attempt.Close()
	}
	return d, err
}

// parent opens a directory that attempts lie in, unless it is open.
func (r *runRoots) parent(dir string) (*os.Root, error) {
	if root := r.parents[dir]; root != nil {
		return root, nil
	}
	if len(r.parents) == maxOpen {
		r.closeParents()
	}
	root, err := r.run.OpenRoot(dir)
	if err == nil {
		r.parents[dir] = root
	}
	return root, err
}

// An evidenceDir is an attempt's directory with the one of its facts open, where
// most files are.
type evidenceDir struct{ attempt, facts *os.Root }

// Open implements fs.FS. What is no file and waits for somebody, a pipe perhaps,
// is not waited for; a file that opens so needs no word to the poller.
func (d evidenceDir) Open(name string) (fs.File, error) {
	in := d.attempt
	if inFacts, ok := strings.CutPrefix(name, factsDir+"/"); ok {
		in, name = d.facts, inFacts
	}
	return in.OpenFile(filepath.FromSlash(name), os.O_RDONLY|syscall.O_NONBLOCK, 0)
}

func (d evidenceDir) close() {
	d.facts.Close()
	d.attempt.Close()
}
