package isolate

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A cgroup is one cell's in the hierarchies that can bound it.
type cgroup struct {
	dirs   []string
	bounds []string // the controllers that do
}

// cgroupTop is where the cells' cgroups lie in each hierarchy; purge by run or
// by machine passes it over.
const cgroupTop = "benchtest/engines"

// planCgroup names the directories of a cell's cgroup, which are not made yet.
func planCgroup(mounts []mount, uid int) cgroup {
	var g cgroup
	for _, m := range mounts {
		v1 := m.fstype == "cgroup" && (slices.Contains(m.options, "memory") || slices.Contains(m.options, "pids") || slices.Contains(m.options, "cpu"))
		dir := filepath.Join(m.path, cgroupTop, strconv.Itoa(uid))
		if (v1 || m.fstype == "cgroup2") && !slices.Contains(g.dirs, dir) {
			g.dirs = append(g.dirs, dir)
		}
	}
	return g
}

// make makes them and sets what limits can be set. What cannot is not bounded
// by cgroup: the rlimits are there still.
func (g *cgroup) make(l Limits) {
	var made []string
	for _, dir := range g.dirs {
		if makeCgroup(dir) != nil {
			continue
		}
		made = append(made, dir)
		memory, processes := strconv.FormatInt(l.Memory, 10), strconv.Itoa(l.Processes)
		if setLimit(dir, "memory.max", memory) || setLimit(dir, "memory.limit_in_bytes", memory) {
			g.bounds = append(g.bounds, "memory")
			setLimit(dir, "memory.swap.max", "0")
			setLimit(dir, "memory.memsw.limit_in_bytes", memory)
		}
		if setLimit(dir, "pids.max", processes) {
			g.bounds = append(g.bounds, "processes")
		}
	}
	g.dirs = made
}

// makeCgroup makes one directory, and its parents again where another cell
// that ends takes them away meanwhile.
func makeCgroup(dir string) error {
	engines := filepath.Dir(dir)
	ours := filepath.Dir(engines)
	for try := 1; ; try++ {
		// In v2 a controller has to be handed down level by level.
		for _, parent := range []string{filepath.Dir(ours), ours, engines} {
			_ = os.Mkdir(parent, 0o755)
			for _, controller := range []string{"+memory", "+pids", "+cpu"} {
				_ = os.WriteFile(filepath.Join(parent, "cgroup.subtree_control"), []byte(controller), 0)
			}
		}
		switch err := os.Mkdir(dir, 0o755); {
		case errors.Is(err, fs.ErrExist):
			return nil // the user is ours, so what has its name is
		case !errors.Is(err, fs.ErrNotExist) || try == 10:
			return err
		}
	}
}

// setLimit reports whether the file was there and took the value.
func setLimit(dir, name, value string) bool {
	f, err := os.OpenFile(filepath.Join(dir, name), os.O_WRONLY, 0)
	if err != nil {
		return false
	}
	_, err = f.WriteString(value)
	return errors.Join(err, f.Close()) == nil
}

// join puts into the cgroup what this thread starts with sys.
// Neither way takes the lock over all processes that moving a whole process
// does, which takes milliseconds for each hierarchy.
func (g cgroup) join(sys *syscall.SysProcAttr) error {
	for _, dir := range g.dirs {
		tasks := filepath.Join(dir, "tasks")
		if _, err := os.Stat(tasks); err == nil { // v1: a child starts where its parent is
			if err := os.WriteFile(tasks, []byte("0"), 0); err != nil {
				return fmt.Errorf("join cgroup: %w", err)
			}
			continue
		}
		fd, err := unix.Open(dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		if err != nil {
			return fmt.Errorf("join cgroup: open %s: %w", dir, err)
		}
		sys.UseCgroupFD, sys.CgroupFD = true, fd
	}
	return nil
}

// cgroupGone is how long a cgroup may take to be empty once PID 1 of its cell
// has ended.
const cgroupGone = 5 * time.Second

// remove takes the cgroup away, with what runs in it.
func (g cgroup) remove() error {
	deadline := time.Now().Add(cgroupGone)
	var errs []error
	for _, dir := range g.dirs {
		errs = append(errs, removeCgroup(dir, deadline))
		// Fails while there are others: that is meant.
		_ = unix.Rmdir(filepath.Dir(dir))
		_ = unix.Rmdir(filepath.Dir(filepath.Dir(dir)))
	}
	return errors.Join(errs...)
}

func removeCgroup(dir string, deadline time.Time) error {
	for {
		err := unix.Rmdir(dir)
		if err == nil || errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("remove cgroup: %w", err)
		}
		killMembers(dir)
		time.Sleep(2 * time.Millisecond)
	}
}

// killMembers kills what is in a cgroup, each once it is pinned and still there.
func killMembers(dir string) {
	members := func() []string {
		b, _ := os.ReadFile(filepath.Join(dir, "cgroup.procs"))
		return strings.Fields(string(b))
	}
	for _, member := range members() {
		pid, err := strconv.Atoi(member)
		if err != nil || pid <= 0 {
			continue
		}
		fd, err := unix.PidfdOpen(pid, 0)
		if err != nil {
			continue
		}
		if slices.Contains(members(), member) {
			_ = unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0)
		}
		_ = unix.Close(fd)
	}
}
