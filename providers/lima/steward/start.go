//go:build linux

package main

import (
	"os/exec"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// shell is root's, in a session of its own and with what sshd gives a command.
func shell(args ...string) *exec.Cmd {
	cmd := exec.Command("/bin/sh", args...) //nolint:noctx // as with sshd, it outlives who asked for it
	cmd.Env = []string{
		"USER=root", "LOGNAME=root", "HOME=/root", "SHELL=/bin/sh",
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if cmd.Dir = "/root"; unix.Access(cmd.Dir, unix.X_OK) != nil {
		cmd.Dir = "/"
	}
	return cmd
}

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
