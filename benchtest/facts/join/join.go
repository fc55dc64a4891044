//go:build linux

package join

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"

	"golang.org/x/sys/unix"
)

// namespaces are what is joined. Sysctls are read of the host name and IPC
// namespaces as well.
func namespaces() []string { return []string{"net", "uts", "ipc"} }

// Run runs cmd, as its Run does, in the namespaces of process pid. It needs
// root, and may be called concurrently.
func Run(cmd *exec.Cmd, pid int) error {
	var err error
	onSpareThread(func() {
		if err = enter(pid); err == nil {
			err = cmd.Run()
		}
	})
	return err
}

// onSpareThread calls f on a thread that is not used again: what a thread has
// joined, all that it starts is in, and the runtime must start nothing there.
func onSpareThread(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // and no unlock: the thread ends with the goroutine
		if unix.Gettid() != os.Getpid() {
			f()
			return
		}
		// The first thread of a program cannot end, and stands for the program
		// in /proc. While it is held here, another goroutine gets another one.
		defer runtime.UnlockOSThread()
		onSpareThread(f)
	}()
	<-done
}

// enter moves the calling thread into the namespaces of process pid.
func enter(pid int) error {
	for _, name := range namespaces() {
		fd, err := unix.Open(fmt.Sprintf("/proc/%d/ns/%s", pid, name), unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			return fmt.Errorf("join process %d: open its %s namespace: %w", pid, name, err)
		}
		err = unix.Setns(fd, 0)
		_ = unix.Close(fd)
		if err != nil {
			return fmt.Errorf("join process %d: enter its %s namespace: %w", pid, name, err)
		}
	}
	return nil
}

// Joined is nil when this program runs in the namespaces of process pid: when
// Run started it.
func Joined(pid int) error {
	for _, name := range namespaces() {
		ours, err := os.Readlink("/proc/self/ns/" + name)
		if err != nil {
			return fmt.Errorf("join process %d: %w", pid, err)
		}
		theirs, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/%s", pid, name))
		if err != nil {
			return fmt.Errorf("join process %d: %w", pid, err)
		}
		if ours != theirs {
			return fmt.Errorf("join process %d: this program is not in its %s namespace: start it with join.Run", pid, name)
		}
	}
	return nil
}

// Chroot makes the file tree of process pid the root directory of this
// program, for what opens files by a name of its own choice: the resolver's
// /etc/resolv.conf and /etc/hosts are then the guest's.
func Chroot(pid int) error {
	if err := unix.Chroot(fmt.Sprintf("/proc/%d/root", pid)); err != nil {
		return fmt.Errorf("enter file tree of process %d: %w", pid, err)
	}
	if err := unix.Chdir("/"); err != nil {
		return fmt.Errorf("enter file tree of process %d: %w", pid, err)
	}
	return nil
}
