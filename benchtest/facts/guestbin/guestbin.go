// Package guestbin builds commands of ours that run in guests, with the go
// command at hand, so that they are always of the same source as the driver,
// whichever module it was required from.
package guestbin

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/gofrs/flock"
)

// A Command is a main package of ours. Its libraries must be imported by
// packages that a user's own import: a user's go.sum has no others.
type Command struct {
	Name    string // how errors and the cache call it
	Package string // its import path
}

// Open builds the command for Linux on a processor (a GOARCH) and returns it
// open for reading; the caller closes it. The build happens in the module of the
// current directory, which is ours or requires ours. Binaries are kept below
// home/cache by their content. Open may be called concurrently, also by several
// processes; it takes a tenth of a second when nothing is to be built.
func (c Command) Open(ctx context.Context, home, goarch string) (*os.File, error) {
	dir := filepath.Join(home, "cache")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("build %s: %w", c.Name, err)
	}
	lock := flock.New(filepath.Join(dir, c.Name+".lock"))
	if _, err := lock.TryLockContext(ctx, 20*time.Millisecond); err != nil {
		return nil, fmt.Errorf("wait for another build of %s: %w", c.Name, err)
	}
	defer func() { _ = lock.Unlock() }()
	// The go command leaves a binary alone that is up to date, so it gets a
	// place of its own, which is never handed out.
	built := filepath.Join(dir, "build-"+c.Name+"-linux-"+goarch)
	if err := c.build(ctx, built, goarch); err != nil {
		return nil, err
	}
	f, err := c.publish(built, filepath.Join(dir, c.Name+"-linux-"+goarch))
	if err != nil {
		return nil, fmt.Errorf("keep %s: %w", c.Name, err)
	}
	c.prune(dir, f.Name())
	return f, nil
}

// build runs the go command.
func (c Command) build(ctx context.Context, out, goarch string) error {
	gocmd, err := exec.LookPath("go")
	if err != nil {
		return fmt.Errorf("build %s: no go command in PATH: install Go (https://go.dev/doc/install) or add its bin directory to PATH: %w", c.Name, err)
	}
	cmd := exec.CommandContext(ctx, gocmd, "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", out, c.Package)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+goarch)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 2 * time.Second
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("build %s in the module of the current directory: %w\n%s", c.Name, errors.Join(err, ctx.Err()), output.Bytes())
	}
	return nil
}

// publish copies built to a name that ends in its digest, unless it is there.
func (c Command) publish(built, prefix string) (*os.File, error) {
	src, err := os.Open(built)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, src); err != nil {
		return nil, err
	}
	name := prefix + "-" + hex.EncodeToString(sum.Sum(nil)[:8])
	if f, err := os.Open(name); err == nil {
		return f, nil
	}
	if _, err := src.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	// Renamed when complete: an interrupted copy leaves nothing under the name.
	tmp, err := os.CreateTemp(filepath.Dir(built), "tmp-"+c.Name+"-*")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.Remove(tmp.Name()) }()
	_, err = io.Copy(tmp, src)
	err = errors.Join(err, tmp.Chmod(0o555), tmp.Close())
	if err != nil {
		return nil, err
	}
	if err := os.Rename(tmp.Name(), name); err != nil {
		return nil, err
	}
	return os.Open(name)
}

// keepFor is how long a binary stays that nobody built again.
const keepFor = 7 * 24 * time.Hour

// prune removes old binaries. One that somebody still has open lives on for
// them, so nobody is disturbed, and what cannot be removed may stay.
func (c Command) prune(dir, keep string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		name := filepath.Join(dir, e.Name())
		if !strings.HasPrefix(e.Name(), c.Name+"-linux-") && !strings.HasPrefix(e.Name(), "tmp-"+c.Name+"-") || name == keep {
			continue
		}
		if info, err := e.Info(); err == nil && time.Since(info.ModTime()) > keepFor {
			_ = os.Remove(name)
		}
	}
}
