//go:build linux

package collect

import (
	"fmt"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

// An Env is where the collectors look. Local makes the one of the machine
// itself, Joined the one of a guest that is looked at from outside.
type Env struct {
	// Root is the machine's file tree, as its own processes see it.
	Root *Root
	// Proc is a procfs. Joined, it is the host's: nobody in the guest can put
	// another over it.
	Proc *Root
	// Guest, when set, picks the guest's processes out of the host's.
	Guest *Guest
	// Layers, when open, are those of the overlay that Root is.
	Layers OpenLayers
	// UIDs and GIDs turn the numbers that the kernel tells us into the guest's.
	UIDs, GIDs IDMap
	// SystemdSocket is systemd's private socket, BusSocket the system bus.
	// Empty means the usual paths.
	SystemdSocket, BusSocket string
	// Grade is what the facts are worth.
	Grade facts.Grade
	// Now is the observer's clock; nil means time.Now.
	Now func() time.Time
}

// Local is the Env of the machine that we run on. The caller closes it.
func Local() (*Env, error) {
	root, err := OpenRoot("/")
	if err != nil {
		return nil, err
	}
	proc, err := OpenProc("/proc")
	if err != nil {
		root.Close()
		return nil, err
	}
	return &Env{Root: root, Proc: proc, Grade: facts.GradeGuestSSH}, nil
}

// Joined is the Env of a process that lives beside the guest whose process, by
// the host's number, is pid, with the guest's network, host name and IPC
// namespaces. It must be made while the host's files are in sight. The caller
// closes it.
func Joined(pid int, layers Layers) (env *Env, err error) {
	e := &Env{Grade: facts.GradeHost}
	defer func() {
		if err != nil {
			e.Close()
		}
	}()
	if e.Proc, err = OpenProc("/proc"); err != nil {
		return nil, err
	}
	if e.Guest, err = newGuest(e.Proc, pid); err != nil {
		return nil, err
	}
	if e.Root, err = OpenRoot(fmt.Sprintf("/proc/%d/root", pid)); err != nil {
		return nil, err
	}
	if e.UIDs, err = readIDMap(e.Proc, pid, "uid_map"); err != nil {
		return nil, err
	}
	if e.GIDs, err = readIDMap(e.Proc, pid, "gid_map"); err != nil {
		return nil, err
	}
	e.Layers, err = layers.open()
	return e, err
}

// Close closes all trees.
func (e *Env) Close() {
	for _, r := range append([]*Root{e.Root, e.Proc, e.Layers.Upper}, e.Layers.Lower...) {
		if r != nil {
			r.Close()
		}
	}
}

// firstProcess names the machine's first process as Proc does.
func (e *Env) firstProcess() int {
	if e.Guest != nil {
		return e.Guest.first
	}
	return 1
}

// mountInfo is where Proc shows the machine's mounts.
func (e *Env) mountInfo() string {
	if e.Guest != nil {
		return fmt.Sprintf("%d/mountinfo", e.Guest.first)
	}
	return "self/mountinfo"
}

func (e *Env) now() time.Time {
	if e.Now != nil {
		return e.Now()
	}
	return time.Now()
}

func (e *Env) systemdSocket() string {
	if e.SystemdSocket != "" {
		return e.SystemdSocket
	}
	return "/run/systemd/private"
}

func (e *Env) busSocket() string {
	if e.BusSocket != "" {
		return e.BusSocket
	}
	return "/run/dbus/system_bus_socket"
}
