package image

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// lockKey is the context's key of an image's lock.
type lockKey struct{}

func withLock(ctx context.Context, lock *os.File) context.Context {
	return context.WithValue(ctx, lockKey{}, lock)
}

// command is a program in a process group of its own, all of which is killed
// when ctx ends. It has the lock of the image that it works on.
func command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error {
		err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		if errors.Is(err, syscall.ESRCH) {
			return os.ErrProcessDone
		}
		return err
	}
	cmd.WaitDelay = 5 * time.Second
	if lock, ok := ctx.Value(lockKey{}).(*os.File); ok {
		cmd.ExtraFiles = []*os.File{lock}
	}
	return cmd
}

// run runs a program to its end. The error has the end of what it printed.
func (s Store) run(cmd *exec.Cmd) error {
	tail := &tailBuffer{}
	var out io.Writer = tail
	if s.Log != nil {
		out = io.MultiWriter(s.Log, tail)
	}
	if cmd.Stdout == nil {
		cmd.Stdout = out
	}
	cmd.Stderr = out
	if err := s.wait(cmd); err != nil {
		return fmt.Errorf("%s: %w\n%s", cmd.Args[0], err, bytes.TrimSpace(tail.b))
	}
	return nil
}

func (s Store) wait(cmd *exec.Cmd) error {
	if s.Start != nil {
		if err := s.Start(cmd); err != nil {
			return err
		}
		return cmd.Wait()
	}
	// The kernel kills the program when the thread ends that started it.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	dieWithUs(cmd)
	return cmd.Run()
}

// output is what a program prints, or nothing.
func (s Store) output(ctx context.Context, name string, args ...string) string {
	var out bytes.Buffer
	cmd := command(ctx, name, args...)
	cmd.Stdout = &out
	if s.wait(cmd) != nil {
		return ""
	}
	return strings.TrimSpace(out.String())
}

// A tailBuffer keeps the end of what is written to it.
type tailBuffer struct{ b []byte }

func (t *tailBuffer) Write(p []byte) (int, error) {
	const most = 4 << 10
	t.b = append(t.b, p...)
	if len(t.b) > most {
		t.b = append([]byte(nil), t.b[len(t.b)-most:]...)
	}
	return len(p), nil
}
