package image

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/benchtest-dev/benchtest/providers/guest"
)

// workplace is where a namespace of ours sees the directory that it works in:
// it could not pass a home directory that is closed (0700).
const workplace = "/mnt"

// The guest's root is nobody on the host: these are the numbers that guests of
// provider local have.
const (
	idOffset = 0x6fff0000
	idCount  = 65536
)

// complete runs setup in the root file system that is at path, with packages,
// and writes it to out. Only root can.
func (s Store) complete(ctx context.Context, path string, what shape, setup string, packages []string, tmp, out string) (err error) {
	if os.Geteuid() != 0 {
		return fmt.Errorf("%w to complete a base of one's own: sudo scripts/images.sh NAME, once", ErrUnprivileged)
	}
	in, option, err := s.stream(ctx, path, what)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	f, err := os.Create(out)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := os.Chown(tmp, idOffset, idOffset); err != nil {
		return err
	}
	cmd := command(ctx, "/bin/sh", append([]string{"-c", completeScript, "complete", option}, packages...)...)
	cmd.Dir = workplace
	cmd.Env = append(os.Environ(), "BENCHTEST_SETUP="+setup, "BENCHTEST_CLEANUP="+guest.CleanupScript)
	if proxy := s.Proxy(ctx); proxy != "" {
		cmd.Env = append(cmd.Env, "http_proxy="+proxy, "https_proxy="+proxy)
	}
	cmd.Stdin, cmd.Stdout = in, f
	ids := []syscall.SysProcIDMap{{ContainerID: 0, HostID: idOffset, Size: idCount}}
	*cmd.SysProcAttr = syscall.SysProcAttr{
		Setpgid: true, Cloneflags: unix.CLONE_NEWUSER | unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWIPC,
		UidMappings: ids, GidMappings: ids, GidMappingsEnableSetgroups: true, Credential: &syscall.Credential{},
	}
	return s.runAt(tmp, cmd)
}

// stream reads a root file system as a tar.
func (s Store) stream(ctx context.Context, path string, what shape) (io.ReadCloser, string, error) {
	if what == directory {
		cmd := command(ctx, "tar", "--numeric-owner", "--xattrs", "--format=pax", "--one-file-system", "-C", path, "-cf", "-", ".")
		out, err := cmd.StdoutPipe()
		if err != nil {
			return nil, "", err
		}
		return &producer{ReadCloser: out, cmd: cmd}, "--no-auto-compress", cmd.Start()
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, "", err
	}
	header := make([]byte, 512)
	n, _ := io.ReadFull(f, header) // shapeOf has read it already
	option, _ := unpackOption(header[:n])
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, "", errors.Join(err, f.Close())
	}
	return f, option, nil
}

// A producer is the output of a program that must succeed.
type producer struct {
	io.ReadCloser
	cmd *exec.Cmd
}

func (p *producer) Close() error {
	_ = p.ReadCloser.Close() // it ends, should it not have
	return p.cmd.Wait()
}

// runAt runs a program that sees dir as its workplace, by a thread with a
// mount namespace of its own, which ends with it.
func (s Store) runAt(dir string, cmd *exec.Cmd) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked
		if err := bindWorkplace(dir); err != nil {
			done <- err
			return
		}
		s.Start = func(cmd *exec.Cmd) error {
			dieWithUs(cmd)
			return cmd.Start()
		}
		done <- s.run(cmd)
	}()
	return <-done
}

func bindWorkplace(dir string) error {
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
		return fmt.Errorf("unshare mounts: %w", err)
	}
	if err := unix.Mount("", "/", "", unix.MS_PRIVATE|unix.MS_REC, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	if err := unix.Mount(dir, workplace, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("mount %s at %s: %w", dir, workplace, err)
	}
	return nil
}
