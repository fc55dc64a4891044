package local

import (
	"fmt"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// within runs f on a thread that is in namespace ns, whose type is kind (a
// CLONE_NEW constant), and brings the thread back. A thread that cannot be
// brought back dies with its goroutine instead of returning to the scheduler.
func within(ns *os.File, kind int, f func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		home, err := visit(ns, kind, f)
		if home {
			runtime.UnlockOSThread()
		}
		done <- err
	}()
	return <-done
}

// visit does within's work on a locked thread. home reports whether the thread
// is where it came from.
func visit(ns *os.File, kind int, f func() error) (home bool, err error) {
	name := map[int]string{unix.CLONE_NEWNET: "net", unix.CLONE_NEWUTS: "uts"}[kind]
	own, err := os.Open("/proc/thread-self/ns/" + name)
	if err != nil {
		return true, fmt.Errorf("enter namespace: %w", err)
	}
	defer own.Close()
	if err := unix.Setns(int(ns.Fd()), kind); err != nil {
		return true, fmt.Errorf("enter namespace: %w", err)
	}
	err = f()
	return unix.Setns(int(own.Fd()), kind) == nil, err
}
