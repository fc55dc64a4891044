package engines

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// runGroup runs cmd, which has a context, in a process group of its own and
// returns its exit status, -1 where a signal ended it. When the context ends
// the group gets SIGTERM and, after grace, SIGKILL. What is left of the group
// once cmd has ended gets SIGKILL, so that nothing holds its output open.
func runGroup(cmd *exec.Cmd, grace time.Duration) (int, error) {
	g := &group{kill: syscall.Kill}
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = !cmd.SysProcAttr.Setsid // a session of its own is a group of its own
	cmd.Cancel = func() error { return g.terminate(cmd.Process.Pid, grace) }
	cmd.WaitDelay = grace + time.Second // for output that a process outside the group holds open
	// A confined program dies with the thread that started it.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := cmd.Start(); err != nil {
		return 0, fmt.Errorf("%w: start engine: %w", ErrNotStarted, err)
	}
	err := reap(cmd, g)
	_, exited := errors.AsType[*exec.ExitError](err)
	if err == nil || exited || errors.Is(err, exec.ErrWaitDelay) || g.terminated() {
		return cmd.ProcessState.ExitCode(), nil
	}
	return 0, fmt.Errorf("record transcript: %w", err)
}

// group signals a process group as long as its number is sure to be its own.
type group struct {
	kill func(pid int, s syscall.Signal) error // syscall.Kill but in tests

	mu    sync.Mutex
	timer *time.Timer // set: SIGTERM was sent
	over  bool
}

// terminate asks the group of pid to end and sees to it that it does.
func (g *group) terminate(pid int, grace time.Duration) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.over {
		return os.ErrProcessDone
	}
	g.timer = time.AfterFunc(grace, func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		if !g.over {
			_ = g.kill(-pid, syscall.SIGKILL) // it may be gone
		}
	})
	return g.kill(-pid, syscall.SIGTERM)
}

func (g *group) terminated() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.timer != nil
}

// end kills what is left of the group; from then on nothing is sent to it.
func (g *group) end(pid int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.over = true
	if g.timer != nil {
		g.timer.Stop()
	}
	_ = g.kill(-pid, syscall.SIGKILL) // it may be gone
}
