package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// A cgroup is one machine's in every hierarchy: benchtest/RUN/ID. Its monitor
// and whatever else works for it on the host are in "monitor" below it and the
// guest is in "guest", since in v2 a cgroup has either processes or children.
type cgroup struct {
	hierarchies hierarchies
	path        string // "benchtest/RUN/ID"
}

func cgroupOf(hs hierarchies, run, id string) cgroup {
	return cgroup{hierarchies: hs, path: filepath.Join("benchtest", run, id)}
}

// guest is the path runc is given.
func (c cgroup) guest() string { return "/" + filepath.Join(c.path, "guest") }

// join moves this process where start would have put it, unless it is there.
// Best effort: a machine is also found by its record.
func (c cgroup) join() {
	if slices.Contains(c.pids(), os.Getpid()) {
		return
	}
	for _, mount := range c.hierarchies.tracking() {
		if leaf, err := c.makeLeaf(mount); err == nil {
			_ = os.WriteFile(filepath.Join(leaf, "cgroup.procs"), []byte("0"), 0)
		}
	}
}

// claim makes the machine's own directory in every hierarchy, before runc does:
// the end of another machine of the run takes the run's directory away when it
// is empty, and runc does not try twice. Best effort: where we may not, runc
// says why.
func (c cgroup) claim() {
	for _, h := range c.hierarchies {
		_ = makeGroup(filepath.Join(h.mount, c.path))
	}
}

// makeGroup makes a cgroup with those above it, which the end of another
// machine may take away meanwhile.
func makeGroup(dir string) error {
	const tries = 100
	for try := 1; ; try++ {
		err := os.MkdirAll(dir, 0o755)
		// One above was taken away before its child was made, or after it was
		// found to be there and before it was looked at.
		lost := errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrExist)
		if !lost || try == tries {
			return err
		}
	}
}

// delegate gives the guest's root what systemd needs below its own cgroup.
// Without it systemd exits at once. Limits stay out of its reach: they are in
// files that are not handed over.
func (c cgroup) delegate(uid int) error {
	for _, mount := range c.hierarchies.delegated() {
		d := filepath.Join(mount, c.guest())
		for _, name := range []string{".", "cgroup.procs", "cgroup.threads", "cgroup.subtree_control", "tasks"} {
			err := os.Lchown(filepath.Join(d, name), uid, uid)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("delegate cgroup: %w", err)
			}
		}
	}
	return nil
}

// empty kills everything in the machine's cgroup until nothing is left. A
// process that forks faster than it is killed is caught by the next round.
func (c cgroup) empty(ctx context.Context) error {
	for {
		// On v1 a thread of ours that has just started a helper may still be in
		// there, and with it all of us: it ends by itself.
		pids := slices.DeleteFunc(c.pids(), func(pid int) bool { return pid == os.Getpid() })
		if len(pids) == 0 {
			return nil
		}
		for _, pid := range pids {
			c.killMember(pid)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("empty cgroup %s: %d processes left: %w", c.path, len(pids), context.Cause(ctx))
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// killMember kills pid if it is still one of ours once it is pinned.
func (c cgroup) killMember(pid int) {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return
	}
	defer closeFD(fd)
	if slices.Contains(c.pids(), pid) {
		_ = unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0)
	}
}

// pids are the processes in the machine's cgroup, at any depth.
func (c cgroup) pids() []int {
	var pids []int
	for _, mount := range c.hierarchies.tracking() {
		_ = filepath.WalkDir(filepath.Join(mount, c.path), func(path string, e fs.DirEntry, err error) error {
			if err != nil || !e.IsDir() {
				return nil // gone meanwhile
			}
			b, _ := os.ReadFile(filepath.Join(path, "cgroup.procs"))
			for f := range strings.FieldsSeq(string(b)) {
				if pid, err := strconv.Atoi(f); err == nil && pid > 0 {
					pids = append(pids, pid)
				}
			}
			return nil
		})
	}
	slices.Sort(pids)
	return slices.Compact(pids)
}

// remove takes the machine's cgroup away, and its run's when that was the
// last one. It must be empty of processes.
func (c cgroup) remove() error {
	var errs []error
	for _, h := range c.hierarchies {
		top := filepath.Join(h.mount, c.path)
		var dirs []string
		_ = filepath.WalkDir(top, func(path string, e fs.DirEntry, err error) error {
			if err == nil && e.IsDir() {
				dirs = append(dirs, path)
			}
			return nil
		})
		for _, d := range slices.Backward(dirs) {
			if err := removeGroup(d); err != nil && !errors.Is(err, fs.ErrNotExist) {
				errs = append(errs, fmt.Errorf("remove cgroup %s: %w", d, err))
			}
		}
		// Fails while the run, or another run, has machines: that is meant.
		_ = unix.Rmdir(filepath.Dir(top))
		_ = unix.Rmdir(filepath.Join(h.mount, "benchtest"))
	}
	return errors.Join(errs...)
}

// leaving is how long killed processes may take to leave their cgroup: they are
// off its list a moment before the kernel lets the directory go.
const leaving = 2 * time.Second

// removeGroup removes one empty cgroup.
func removeGroup(dir string) error {
	for deadline := time.Now().Add(leaving); ; time.Sleep(2 * time.Millisecond) {
		err := unix.Rmdir(dir)
		if !errors.Is(err, unix.EBUSY) || time.Now().After(deadline) {
			return err
		}
	}
}

// cgroupsOf finds the cgroups of a machine whose run is not known.
func cgroupsOf(hs hierarchies, id string) []cgroup {
	var runs []string
	for _, h := range hs {
		found, _ := filepath.Glob(filepath.Join(h.mount, "benchtest", "*", id)) // the pattern is fixed
		for _, f := range found {
			runs = append(runs, filepath.Base(filepath.Dir(f)))
		}
	}
	slices.Sort(runs)
	var cs []cgroup
	for _, run := range slices.Compact(runs) {
		cs = append(cs, cgroupOf(hs, run, id))
	}
	return cs
}
