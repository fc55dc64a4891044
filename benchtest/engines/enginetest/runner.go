// Package enginetest is the conformance suite that every engine passes, and
// the stand-in for a sandbox that engines are tested on.
package enginetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
	"github.com/benchtest-dev/benchtest/providers"
)

// A Runner is a providers.Runner that runs commands here, as the user of the
// test, with an environment as bare as a sandbox's. The zero value of all but
// Name is ready.
type Runner struct {
	Name string // of the host
	Home string // working directory of commands that name none; empty: the test's

	mu   sync.Mutex
	ran  []providers.Command
	fail func(providers.Command) error
}

var _ providers.Runner = (*Runner)(nil)

// Host is the host's name.
func (r *Runner) Host() string { return r.Name }

// Ran returns the commands that were run, in order.
func (r *Runner) Ran() []providers.Command {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]providers.Command(nil), r.ran...)
}

// FailWith makes Exec and Upload ask f first; its error is theirs. Upload asks
// with the Argv ["upload", PATH].
func (r *Runner) FailWith(f func(providers.Command) error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fail = f
}

func (r *Runner) ask(c providers.Command) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fail != nil {
		return r.fail(c)
	}
	return nil
}

// Exec runs c in a process group that is killed when ctx or c.Limit ends.
func (r *Runner) Exec(ctx context.Context, c providers.Command) (providers.Result, error) {
	r.mu.Lock()
	r.ran = append(r.ran, c)
	r.mu.Unlock()
	if err := errors.Join(ctx.Err(), r.ask(c)); err != nil {
		return providers.Result{ExitStatus: -1}, err
	}
	limited := ctx
	if c.Limit > 0 {
		var cancel context.CancelFunc
		limited, cancel = context.WithTimeout(ctx, c.Limit)
		defer cancel()
	}
	limit := c.MaxOutput
	if limit == 0 {
		limit = 1 << 20
	}
	stdout, stderr := &capture{max: limit, tee: c.Stdout}, &capture{max: limit, tee: c.Stderr}
	cmd := exec.CommandContext(limited, c.Argv[0], c.Argv[1:]...)
	cmd.Env = append([]string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8"}, c.Env...)
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = c.Dir, c.Stdin, stdout, stderr
	if cmd.Dir == "" {
		cmd.Dir = r.Home
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 200 * time.Millisecond
	began := time.Now()
	err := cmd.Run()
	if cmd.Process != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // what it left behind
	}
	res := providers.Result{
		ExitStatus: -1, Stdout: stdout.b.Bytes(), Stderr: stderr.b.Bytes(),
		StdoutTruncated: stdout.cut, StderrTruncated: stderr.cut, Duration: time.Since(began),
	}
	if cmd.ProcessState == nil {
		return res, err
	}
	res.ExitStatus = cmd.ProcessState.ExitCode()
	res.TimedOut = limited.Err() != nil && ctx.Err() == nil
	return res, ctx.Err()
}

// Upload writes a file here; missing parents are made.
func (r *Runner) Upload(ctx context.Context, src io.Reader, path string, mode os.FileMode) error {
	if err := errors.Join(ctx.Err(), r.ask(providers.Command{Argv: []string{"upload", path}})); err != nil {
		return err
	}
	b, err := io.ReadAll(src)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, b, mode)
}

// Download reads a file here.
func (r *Runner) Download(ctx context.Context, path string, dst io.Writer, maxBytes int64) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(dst, io.LimitReader(f, maxBytes))
	return err
}

// Facts has none.
func (r *Runner) Facts(context.Context, facts.Request) (facts.Answer, error) {
	return facts.Answer{}, fmt.Errorf("ask %s: this runner has no probe", r.Name)
}

// capture keeps the first max bytes.
type capture struct {
	b   bytes.Buffer
	max int
	cut bool
	tee io.Writer
}

func (c *capture) Write(p []byte) (int, error) {
	if c.tee != nil {
		if n, err := c.tee.Write(p); err != nil {
			return n, err
		}
	}
	keep := p[:min(len(p), c.max-c.b.Len())]
	c.cut = c.cut || len(keep) < len(p)
	_, _ = c.b.Write(keep) // a Buffer takes all
	return len(p), nil
}
