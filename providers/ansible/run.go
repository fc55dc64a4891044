//go:build unix

package ansible

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// program is what this package runs.
const program = "ansible-playbook"

// grace is how long ansible-playbook may take to end its workers.
const grace = 3 * time.Second

// ErrNotInstalled says that there is no ansible-playbook here.
var ErrNotInstalled = errors.New("ansible-playbook is not installed: apt-get install ansible-core")

// Run runs p and waits for its end. A playbook that fails is a Report, whatever
// its exit code; an error means that it could not be run, or that ctx ended.
// What it started is gone when it returns.
func Run(ctx context.Context, p Play) (Report, error) {
	if err := p.check(); err != nil {
		return Report{}, fmt.Errorf("run playbook: %w", err)
	}
	bin, err := exec.LookPath(program)
	if err != nil {
		return Report{}, fmt.Errorf("run playbook: %w", ErrNotInstalled)
	}
	dir, err := os.MkdirTemp(p.Dir, "benchtest-ansible-")
	if err != nil {
		return Report{}, fmt.Errorf("run playbook: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	w := workdir(dir)
	if err := w.fill(p); err != nil {
		return Report{}, fmt.Errorf("run playbook %s: %w", p.Playbook, err)
	}
	r, err := run(ctx, bin, w, p)
	if err != nil {
		return r, fmt.Errorf("run playbook %s: %w", p.Playbook, err)
	}
	return r, nil
}

var errLimit = errors.New("the limit is reached")

func run(ctx context.Context, bin string, w workdir, p Play) (Report, error) {
	limited := ctx
	if p.Limit > 0 {
		var cancel context.CancelFunc
		limited, cancel = context.WithTimeoutCause(ctx, p.Limit, errLimit)
		defer cancel()
	}
	keep := cmp.Or(p.MaxOutput, 1<<20)
	out := &output{log: p.Log, logLeft: 8 * keep, keep: keep}
	cmd := exec.CommandContext(limited, bin, "-i", w.path("inventory.json"), "-e", "@"+w.path("vars.json"), p.Playbook)
	cmd.Dir, cmd.Env = w.path("files"), w.environment(p)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = grace

	started := time.Now()
	start := cmd.Start
	if p.Start != nil {
		start = func() error { return p.Start(cmd) }
	}
	err := start()
	if err == nil {
		err = cmd.Wait()
	}
	if cmd.Process != nil {
		// Workers and connections that are left share its process group; the
		// group's number is not given out again while one of them lives.
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	}
	r := Report{ExitCode: -1, Duration: time.Since(started)}
	r.Output, r.Truncated = out.end()
	if cmd.ProcessState == nil {
		return r, err
	}
	r.ExitCode = cmd.ProcessState.ExitCode()
	if err != nil && limited.Err() != nil {
		r.ExitCode = -1
		r.TimedOut = context.Cause(limited) == errLimit //nolint:errorlint // the very value, not one like it
	}
	if err := r.readEvents(w.path("events.jsonl")); err != nil {
		return r, err
	}
	if ctx.Err() != nil {
		return r, context.Cause(ctx)
	}
	return r, nil
}
