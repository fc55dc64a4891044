package main_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

const (
	guestVariable = "BENCHTEST_TEST_GUEST"
	shift         = 100000 // the guest's root is this user outside
	guestPort     = "8099"
)

// TestMain makes this binary the first process of a guest when a test starts
// it as one.
func TestMain(m *testing.M) {
	if os.Getenv(guestVariable) == "" {
		os.Exit(m.Run())
	}
	if err := beGuest(); err != nil {
		fmt.Fprintln(os.Stderr, "guest:", err)
		os.Exit(1)
	}
}

// beGuest sets up a file tree, serves a port and waits until its standard
// input ends.
func beGuest() error {
	const top = "/mnt"
	for _, m := range []struct {
		source, target, fstype string
		flags                  uintptr
	}{
		{"none", "/", "", unix.MS_REC | unix.MS_PRIVATE},
		{"guestfs", top, "tmpfs", 0},
	} {
		if err := unix.Mount(m.source, m.target, m.fstype, m.flags, ""); err != nil {
			return fmt.Errorf("mount %s: %w", m.target, err)
		}
	}
	for _, dir := range []string{"etc", "proc", "run", "fake"} {
		if err := os.Mkdir(filepath.Join(top, dir), 0o755); err != nil {
			return err
		}
	}
	for name, text := range map[string]string{
		"etc/passwd": "groot:x:0:0::/:/bin/sh\nweb:x:33:33::/:/bin/sh\n",
		"etc/group":  "groot:x:0:\nweb:x:33:\n",
		"etc/own":    "of the guest",
		"fake/stat":  "",
	} {
		if err := os.WriteFile(filepath.Join(top, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	for _, err := range []error{
		os.Chown(filepath.Join(top, "etc/own"), 33, 33),
		os.Symlink("/proc/1/root/etc/own", filepath.Join(top, "magic")),
		unix.Mkfifo(filepath.Join(top, "fifo"), 0o644),
		unix.Sethostname([]byte("guest.test")),
		// What a cheat would do: a procfs of its own making.
		unix.Mount("proc", filepath.Join(top, "proc"), "proc", 0, ""),
		unix.Mount(filepath.Join(top, "fake"), filepath.Join(top, "proc"), "", unix.MS_BIND, ""),
		unix.Chdir(top),
		unix.PivotRoot(".", "."),
		unix.Unmount(".", unix.MNT_DETACH),
		unix.Chdir("/"),
	} {
		if err != nil {
			return err
		}
	}
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp4", ":"+guestPort)
	if err != nil {
		return err
	}
	defer l.Close()
	if _, err := os.Stdout.WriteString("ready\n"); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// startGuest starts a guest and returns its process as the host numbers it.
func startGuest(tb testing.TB) int {
	tb.Helper()
	if os.Geteuid() != 0 {
		tb.Skip("making namespaces needs root: run the tests as root")
	}
	// The test's own context ends before its clean-up, which ends the guest.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(tb.Context()), 5*time.Minute)
	tb.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, readableBinary(tb))
	cmd.Env = []string{guestVariable + "=1"}
	cmd.WaitDelay = 5 * time.Second
	cmd.Stderr = os.Stderr
	ids := []syscall.SysProcIDMap{{ContainerID: 0, HostID: shift, Size: 65536}}
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: unix.CLONE_NEWUSER | unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWNET |
			unix.CLONE_NEWUTS | unix.CLONE_NEWIPC,
		UidMappings: ids, GidMappings: ids, GidMappingsEnableSetgroups: true,
		Credential: &syscall.Credential{Uid: 0, Gid: 0},
		Setpgid:    true,
	}
	stdin, err := cmd.StdinPipe()
	require.NoError(tb, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(tb, err)
	if err := cmd.Start(); err != nil {
		tb.Skipf("this kernel makes no user namespaces (%v): enable user.max_user_namespaces", err)
	}
	tb.Cleanup(func() {
		stdin.Close()
		require.NoError(tb, cmd.Wait())
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(tb, err)
	require.Equal(tb, "ready", strings.TrimSpace(line))
	return cmd.Process.Pid
}

// readableBinary is a copy of the test binary where the guest's root, who is
// nobody here, may execute it.
func readableBinary(tb testing.TB) string {
	tb.Helper()
	dir, err := os.MkdirTemp("", "benchtest-guest") //nolint:usetesting // the parent of tb.TempDir is closed to others
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, os.RemoveAll(dir)) })
	require.NoError(tb, os.Chmod(dir, 0o755))
	exe, err := os.Executable()
	require.NoError(tb, err)
	b, err := os.ReadFile(exe)
	require.NoError(tb, err)
	name := filepath.Join(dir, "guestinit")
	require.NoError(tb, os.WriteFile(name, b, 0o755))
	return name
}
