package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/facts/talk"
)

// partingTime is for one that was given up to be rid of what it started.
const partingTime = 2 * time.Second

// serve answers questions until stdin ends. Each is answered by a process of
// its own, so that nothing is remembered from one to the next: Go's resolver,
// for one, believes /etc/hosts for five seconds.
func serve(ctx context.Context, stdin io.Reader, stdout io.Writer) error {
	own, err := os.Executable()
	if err != nil {
		return err
	}
	// What runs cannot be written to, and what has no name cannot be replaced.
	if err := os.Remove(own); err != nil {
		return err
	}
	return talk.Serve(ctx, stdin, stdout, answer)
}

// answer has another process of this program answer one question.
func answer(ctx context.Context, question []byte) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "/proc/self/exe")
	var said, reason bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(question), &said, &reason
	// Commands that it runs are groups of their own in its session.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGTERM}
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = partingTime
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%w: %s", errors.Join(ctx.Err(), err), bytes.TrimSpace(reason.Bytes()))
	}
	return said.Bytes(), nil
}
