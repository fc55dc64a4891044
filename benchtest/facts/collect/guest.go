//go:build linux

package collect

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// A Guest is a PID namespace, seen from outside.
type Guest struct {
	proc  *Root
	first int    // its first process, by the host's number
	ns    string // as the link says it: pid:[4026532200]
	depth int    // how many namespaces number its processes, ours being the first

	mu    sync.Mutex
	below map[string]bool // for other namespaces: is it inside this one?
}

// newGuest is the PID namespace of process pid.
func newGuest(proc *Root, pid int) (*Guest, error) {
	ns, err := proc.Readlink(fmt.Sprintf("%d/ns/pid", pid))
	if err != nil {
		return nil, fmt.Errorf("find guest: %w", err)
	}
	status, err := proc.ReadFile(context.Background(), fmt.Sprintf("%d/status", pid), 1<<16)
	if err != nil {
		return nil, fmt.Errorf("find guest: %w", err)
	}
	numbers := strings.Fields(statusField(string(status), "NSpid"))
	if len(numbers) == 0 {
		return nil, fmt.Errorf("find guest: process %d has no NSpid", pid)
	}
	return &Guest{proc: proc, first: pid, ns: ns, depth: len(numbers), below: map[string]bool{}}, nil
}

// holds reports whether process pid is in the namespace or in one below it.
func (g *Guest) holds(pid int) bool {
	link, err := g.proc.Readlink(strconv.Itoa(pid) + "/ns/pid")
	if err != nil {
		return false // it is gone
	}
	if link == g.ns {
		return true
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	below, known := g.below[link]
	if !known {
		below = g.isBelow(pid)
		g.below[link] = below
	}
	return below
}

// isBelow climbs from the namespace of process pid until it meets the guest's.
func (g *Guest) isBelow(pid int) bool {
	// The link is followed on purpose: procfs is the host's own.
	fd, err := unix.Openat(g.proc.fd, strconv.Itoa(pid)+"/ns/pid", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	for err == nil {
		var st unix.Stat_t
		if err := unix.Fstat(fd, &st); err != nil {
			closeFD(fd)
			return false
		}
		if g.ns == fmt.Sprintf("pid:[%d]", st.Ino) {
			closeFD(fd)
			return true
		}
		parent, perr := unix.IoctlRetInt(fd, unix.NS_GET_PARENT)
		closeFD(fd)
		fd, err = parent, perr
	}
	return false
}

// number is the PID inside the guest, by the NSpid line of a status file.
func (g *Guest) number(status string) (int, bool) {
	numbers := strings.Fields(statusField(status, "NSpid"))
	if len(numbers) < g.depth {
		return 0, false
	}
	n, err := strconv.Atoi(numbers[g.depth-1])
	return n, err == nil
}

// statusField is the value of one line of /proc/PID/status.
func statusField(status, name string) string {
	for line := range strings.Lines(status) {
		if key, value, ok := strings.Cut(line, ":"); ok && key == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
