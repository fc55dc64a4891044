package soak_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// left names everything on this machine that is of the stage's runs: what it
// finds is looked for from outside, by nothing that benchtest says.
func (s *stage) left() []string {
	runs := names(s.runs())
	var all []string
	for _, found := range [][]string{
		s.processes(runs), s.mounts(), s.loops(), s.cgroups(runs), s.containers(runs), s.runtimeDirs(), s.files(), links(),
	} {
		all = append(all, found...)
	}
	return slices.DeleteFunc(all, func(what string) bool { return s.before[what] })
}

// processes are those that a run or a helper of one started, and the guests'.
func (s *stage) processes(runs []string) []string {
	var found []string
	for _, pid := range pids() {
		if why := s.owns(pid, runs); why != "" {
			found = append(found, fmt.Sprintf("process %d (%s): %s", pid, why, commandLine(pid)))
		}
	}
	return found
}

// pids are all processes but this one.
func pids() []int {
	var all []int
	for _, name := range names("/proc") {
		if pid, err := strconv.Atoi(name); err == nil && pid != os.Getpid() {
			all = append(all, pid)
		}
	}
	return all
}

// owns says by what a process is known as one of the stage's, or nothing.
func (s *stage) owns(pid int, runs []string) string {
	proc := filepath.Join("/proc", strconv.Itoa(pid))
	stat, _ := os.ReadFile(filepath.Join(proc, "stat"))
	if i := bytes.LastIndexByte(stat, ')'); i < 0 || i+2 >= len(stat) || stat[i+2] == 'Z' || stat[i+2] == 'X' {
		return "" // gone, or waits for its parent to notice
	}
	exe, _ := os.Readlink(filepath.Join(proc, "exe"))
	groups, _ := os.ReadFile(filepath.Join(proc, "cgroup"))
	environ, _ := os.ReadFile(filepath.Join(proc, "environ"))
	switch {
	case strings.HasPrefix(exe, s.suite) || strings.HasPrefix(exe, s.command):
		return "program"
	case bytes.Contains(environ, []byte("SOAK_MARK="+s.mark+"\x00")):
		return "environment"
	case bytes.Contains(stat, []byte(s.home)) || strings.Contains(commandLine(pid), s.home):
		return "arguments"
	case slices.ContainsFunc(runs, func(run string) bool { return bytes.Contains(groups, []byte("/benchtest/"+run)) }):
		return "cgroup"
	}
	return ""
}

func commandLine(pid int) string {
	b, _ := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "cmdline"))
	return strings.TrimSpace(strings.ReplaceAll(string(b), "\x00", " "))
}

// mounts are those that show something of the home's, or a network.
func (s *stage) mounts() []string {
	b, _ := os.ReadFile(s.meeting.mountinfo())
	var found []string
	for line := range strings.Lines(string(b)) {
		f := strings.Fields(line)
		at := f[4]
		for _, dir := range s.runtimeDirs() {
			if d, ok := strings.CutPrefix(dir, "directory "); ok && strings.HasPrefix(at, d+"/") && !s.before[dir] {
				found = append(found, "mount "+at)
			}
		}
		if strings.Contains(line, s.home) || strings.Contains(line, s.tmp) {
			found = append(found, "mount "+at)
		}
	}
	return slices.Compact(found)
}

// loops are the loop devices of the home's disks.
func (s *stage) loops() []string {
	files, _ := filepath.Glob("/sys/block/loop*/loop/backing_file") // the pattern is fixed
	var found []string
	for _, f := range files {
		if b, err := os.ReadFile(f); err == nil && strings.HasPrefix(string(b), s.home) {
			found = append(found, "loop device "+strings.TrimSpace(string(b)))
		}
	}
	return found
}

// cgroups are the runs', in every hierarchy.
func (s *stage) cgroups(runs []string) []string {
	var found []string
	for _, pattern := range []string{"/sys/fs/cgroup/benchtest/*", "/sys/fs/cgroup/*/benchtest/*"} {
		dirs, _ := filepath.Glob(pattern) // the patterns are fixed
		for _, d := range dirs {
			if slices.Contains(runs, filepath.Base(d)) {
				found = append(found, "cgroup "+d)
			}
		}
	}
	return found
}

// containers are those that runc knows.
func (s *stage) containers(runs []string) []string {
	var found []string
	for _, id := range names("/run/runc") {
		b, _ := os.ReadFile(filepath.Join("/run/runc", id, "state.json"))
		ours := slices.ContainsFunc(runs, func(run string) bool {
			return strings.Contains(id, "-"+run[len(run)-6:]+"-") || bytes.Contains(b, []byte("/benchtest/"+run+"/"))
		})
		if ours {
			found = append(found, "container "+id)
		}
	}
	return found
}

// runtimeDirs are the directories of machines and networks, but for those of
// another home.
func (s *stage) runtimeDirs() []string {
	var found []string
	for parent, record := range map[string]string{"/run/benchtest": "machine.json", "/run/benchtest/networks": "network.json"} {
		for _, name := range names(parent) {
			if name == "networks" {
				continue
			}
			var of struct{ Home string }
			b, err := os.ReadFile(filepath.Join(parent, name, record))
			if err == nil && json.Unmarshal(b, &of) == nil && of.Home != s.home {
				continue
			}
			found = append(found, "directory "+filepath.Join(parent, name))
		}
	}
	return found
}

// files are what the home and the temporary directory hold, and should not
// when nothing runs.
func (s *stage) files() []string {
	var found []string
	add := func(dir string, keep func(name string) bool) {
		for _, name := range names(dir) {
			if !keep(name) {
				found = append(found, "file "+filepath.Join(dir, name))
			}
		}
	}
	add(s.tmp, func(string) bool { return false })
	add(filepath.Join(s.home, "leases"), func(string) bool { return false })
	add(filepath.Join(s.home, "machines"), func(name string) bool { return strings.HasPrefix(name, "empty-") })
	add(filepath.Join(s.home, "cache"), func(name string) bool { return !strings.HasPrefix(name, "tmp-") })
	add(filepath.Join(s.home, "templates"), func(name string) bool {
		return strings.HasPrefix(name, "template-") || strings.HasSuffix(name, ".lock")
	})
	return found
}

// links are the network interfaces that could be of ours.
func links() []string {
	var found []string
	for _, name := range names("/sys/class/net") {
		if strings.HasPrefix(name, "port") || strings.HasPrefix(name, "benchtest") {
			found = append(found, "link "+name)
		}
	}
	return found
}

// names are those in a directory, sorted; one that is not there is empty.
func names(dir string) []string {
	entries, _ := os.ReadDir(dir)
	list := make([]string, len(entries))
	for i, e := range entries {
		list[i] = e.Name()
	}
	return list
}
