//go:build linux

package main

import (
	"os/exec"
	"runtime"

	"golang.org/x/sys/unix"
)

// start starts a command with the priority of any other. The steward's own is
// above all: a guest that is busy, say with what follows a change of its clock,
// still answers. In Linux it is the thread's that a command inherits.
func start(cmd *exec.Cmd) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	own, err := unix.Getpriority(unix.PRIO_PROCESS, 0)
	if err == nil && unix.Setpriority(unix.PRIO_PROCESS, 0, 0) == nil {
		// The system call counts down from 20, setpriority up from -20.
		defer func() { _ = unix.Setpriority(unix.PRIO_PROCESS, 0, 20-own) }()
	}
	return cmd.Start()
}
