//go:build linux

package collect

import (
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

// Joined is the Env of a process that lives in the mount and network
// namespaces of the guest whose process, by the host's number, is pid. proc is
// the host's procfs; Env takes it over.
func Joined(pid int, proc *Root) (*Env, error) {
	guest, err := newGuest(proc, pid)
	if err != nil {
		return nil, err
	}
	root, err := OpenRoot("/")
	if err != nil {
		return nil, err
	}
	uids, err := readIDMap(proc, pid, "uid_map")
	if err != nil {
		root.Close()
		return nil, err
	}
	gids, err := readIDMap(proc, pid, "gid_map")
	if err != nil {
		root.Close()
		return nil, err
	}
	return &Env{Root: root, Proc: proc, Guest: guest, UIDs: uids, GIDs: gids, Grade: facts.GradeHost}, nil
}

// Close closes both trees.
func (e *Env) Close() {
	e.Proc.Close()
	e.Root.Close()
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
