package isolate

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
)

// Config is what a cell is made with. Binary and Dir must be set.
type Config struct {
	// Binary is the absolute path of a program that calls Main first of all:
	// ours. It stays in sight, since it is the ProxyCommand too.
	Binary string
	// Dir is the program's working directory and home, absolute. It exists
	// already, and stays empty: the program's own is laid over it.
	Dir string
	// Hide names directories of which nothing is shown but single files that
	// the command line names. One that is not there is left out.
	Hide []string
	// Cover names directories of which only what the program needs is shown.
	// Homes and temporary directories are covered anyway.
	Cover  []string
	Limits Limits
}

// Limits bounds what the program may use. The zero value of each field means
// its default.
type Limits struct {
	Memory    int64 // bytes: of all its processes by cgroup, of the data of each by rlimit; 4 GiB
	Processes int   // and threads; 1024
	Files     int   // open ones, for each process; 4096
	Scratch   int64 // bytes in its working and temporary directories; 1 GiB
	Inodes    int   // files and directories there; 100,000
}

func (l Limits) withDefaults() Limits {
	l.Memory = cmp.Or(l.Memory, 4<<30)
	l.Processes = cmp.Or(l.Processes, 1024)
	l.Files = cmp.Or(l.Files, 4096)
	l.Scratch = cmp.Or(l.Scratch, 1<<30)
	l.Inodes = cmp.Or(l.Inodes, 100_000)
	return l
}

func (c Config) check() error {
	var errs []error
	for what, path := range map[string]string{"binary": c.Binary, "working directory": c.Dir} {
		if !filepath.IsAbs(path) {
			errs = append(errs, fmt.Errorf("%s %q is not an absolute path", what, path))
		}
	}
	return errors.Join(errs...)
}
