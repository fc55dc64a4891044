package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// command is exec.CommandContext in a process group of its own, all of which
// is killed when ctx ends.
func command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return killGroup(cmd.Process) }
	cmd.WaitDelay = 5 * time.Second
	return cmd
}

// killGroup kills the process group that a child of ours leads. Its handle
// says whose it is, even when the child has just been waited for and its PID
// is another's; a kernel before 6.9 has no such call, and must be told a PID.
func killGroup(leader *os.Process) error {
	err := os.ErrProcessDone
	handleErr := leader.WithHandle(func(pidfd uintptr) {
		err = unix.PidfdSendSignal(int(pidfd), unix.SIGKILL, nil, unix.PIDFD_SIGNAL_PROCESS_GROUP)
	})
	switch {
	case errors.Is(handleErr, os.ErrProcessDone), errors.Is(err, unix.ESRCH):
		return os.ErrProcessDone
	case handleErr != nil, errors.Is(err, unix.EINVAL):
		return syscall.Kill(-leader.Pid, syscall.SIGKILL)
	}
	return err
}

// run runs cmd in the machine's cgroup: see start.
func (c cgroup) run(cmd *exec.Cmd) error {
	if err := c.start(cmd); err != nil {
		return err
	}
	return cmd.Wait()
}

// start starts cmd inside the machine's cgroup, not in the driver's. So
// whoever destroys the machine ends it too, whatever became of us. A host that
// cannot do that (its cgroups are read-only, or it has none) starts it all the
// same.
func (c cgroup) start(cmd *exec.Cmd) error {
	var v1 []string
	for _, mount := range c.hierarchies.tracking() {
		if !c.hierarchies.unified(mount) {
			v1 = append(v1, mount)
			continue
		}
		leaf, err := c.makeLeaf(mount)
		if err != nil {
			continue
		}
		// A command that could not be started cannot be tried again.
		again := *cmd
		switch err := startIn(leaf, cmd); {
		case err == nil:
			return nil
		case errors.Is(err, unix.ENODEV), !exists(leaf):
			return fmt.Errorf("start %s: its machine is being destroyed", cmd.Args[0])
		}
		*cmd = again // a kernel before 5.7
	}
	var leaves []string
	for _, mount := range v1 {
		if leaf, err := c.makeLeaf(mount); err == nil {
			leaves = append(leaves, leaf)
		}
	}
	return startFrom(leaves, cmd)
}

// makeLeaf makes the cgroup of the machine's helpers in one tree.
func (c cgroup) makeLeaf(mount string) (string, error) {
	leaf := filepath.Join(mount, c.path, "monitor")
	return leaf, makeGroup(leaf)
}

// startIn starts cmd as a member of a cgroup2 directory.
func startIn(leaf string, cmd *exec.Cmd) error {
	dir, err := os.Open(leaf)
	if err != nil {
		return err
	}
	defer dir.Close()
	attr := *cmd.SysProcAttr
	attr.UseCgroupFD, attr.CgroupFD = true, int(dir.Fd())
	cmd.SysProcAttr = &attr
	return cmd.Start()
}

// startFrom starts cmd from a thread that is a member of cgroup v1 directories,
// since a child is where the thread is that makes it. The thread then ends, and
// is in nobody's way when the cgroup is removed.
func startFrom(leaves []string, cmd *exec.Cmd) error {
	if len(leaves) == 0 {
		return cmd.Start()
	}
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		if unix.Gettid() == os.Getpid() { // the first thread never ends: not this one
			done <- startFrom(leaves, cmd)
			runtime.UnlockOSThread()
			return
		}
		for _, leaf := range leaves {
			// Best effort, as is all of this.
			_ = os.WriteFile(filepath.Join(leaf, "tasks"), []byte(strconv.Itoa(unix.Gettid())), 0)
		}
		done <- cmd.Start()
	}()
	return <-done
}
