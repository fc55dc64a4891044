package main

import (
	"errors"
	"flag"
	"path/filepath"
	"strings"

	"github.com/benchtest-dev/benchtest/fixtures"
	"github.com/benchtest-dev/benchtest/fixtures/sandboxes"
	"github.com/benchtest-dev/benchtest/providers"
)

// keeper opens the sandboxes of this home. The caller closes its Store.
func (e *env) keeper() (*sandboxes.Keeper, error) {
	home, err := fixtures.Home(e.lookup)
	if err != nil {
		return nil, err
	}
	journal, err := fixtures.OpenJournal(home)
	if err != nil {
		return nil, err
	}
	store, err := sandboxes.OpenStore(journal)
	if err != nil {
		return nil, err
	}
	return &sandboxes.Keeper{Store: store, Journal: journal, Open: e.provider}, nil
}

// withSandbox calls do with the one sandbox that args name.
func (e *env) withSandbox(args []string, do func(*sandboxes.Keeper, sandboxes.Record) error) error {
	if len(args) != 1 {
		return usagef("want one sandbox's name: benchtest sandbox list shows them")
	}
	k, err := e.keeper()
	if err != nil {
		return err
	}
	defer k.Store.Close()
	r, err := k.Store.Find(args[0])
	if err != nil {
		return unknown(err)
	}
	return do(k, r)
}

// unknown makes a name that means nothing an error of usage.
func unknown(err error) error {
	if errors.Is(err, sandboxes.ErrUnknown) || errors.Is(err, sandboxes.ErrAmbiguous) {
		return usageError{err}
	}
	return err
}

// dirFlag declares where scenarios and template definitions are.
func dirFlag(fs *flag.FlagSet) *string {
	dir := fs.String("scenarios-path", "", "`folder` of the scenarios and of templates/; by default the current one, else ./scenarios")
	fs.StringVar(dir, "p", "", "the same as --scenarios-path")
	return dir
}

// folderOf is the folder that --scenarios-path means, absolute.
func folderOf(dir string) (string, error) {
	if dir == "" {
		dir = defaultDir(nil)
	}
	return filepath.Abs(dir)
}

// A shape is the flags that create, clone, edit and shell have in common.
type shape struct {
	cpus      int
	memory    float64
	mountOnly mountList
	mountNone bool
}

func shapeFlags(fs *flag.FlagSet) *shape {
	s := &shape{}
	fs.IntVar(&s.cpus, "cpus", 0, "vCPU; 0 means the template's")
	fs.Float64Var(&s.memory, "memory", 0, "`GiB` of memory, below 512; 0 means the template's")
	fs.Var(&s.mountOnly, "mount-only", "show this `DIR[:w]` of yours in the guest, at the same path, writable with :w; may be given again")
	fs.BoolVar(&s.mountNone, "mount-none", false, "show nothing of yours in the guest, which is so by default")
	return s
}

// check refuses what no machine can be.
func (s *shape) check() error {
	switch {
	case s.cpus < 0:
		return usagef("--cpus %d: want 1 or more", s.cpus)
	case s.memory < 0:
		return usagef("--memory %v: want GiB", s.memory)
	case s.memory >= 512: // one who means MiB writes no less
		return usagef("--memory %v: that is GiB; %v MiB are --memory %.3g", s.memory, s.memory, s.memory/1024)
	case s.mountNone && len(s.mountOnly) > 0:
		return usagef("--mount-none and --mount-only exclude each other")
	}
	return nil
}

// limits are --cpus and --memory.
func (s *shape) limits() providers.Limits {
	return providers.Limits{VCPU: s.cpus, MemoryMiB: int(s.memory * 1024)}
}

// A mountList is the values of --mount-only.
type mountList []providers.Mount

func (l *mountList) String() string { return "" }

// Set adds DIR or DIR:w.
func (l *mountList) Set(value string) error {
	dir, writable := strings.CutSuffix(value, ":w")
	if dir == "" {
		return errors.New("want DIR or DIR:w")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	if dir == "/" {
		return errors.New("the whole driver is no project directory")
	}
	*l = append(*l, providers.Mount{Host: dir, Writable: writable})
	return nil
}
