package lima_test

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/benchtest-dev/benchtest/providers/bastion"
)

func TestMain(m *testing.M) {
	// What Ansible reaches a guest through is this binary.
	if len(os.Args) == 2 && strings.HasPrefix(os.Args[1], "-benchtest.dial=") {
		if err := bastion.DialMain(strings.TrimPrefix(os.Args[1], "-benchtest.dial="), os.Stdin, os.Stdout); err != nil {
			_, _ = os.Stderr.WriteString(err.Error() + "\n")
			os.Exit(1)
		}
		return
	}
	if spec := os.Getenv(cloneAndWait); spec != "" {
		waitAfterClone(spec)
		return
	}
	if name := os.Getenv("BENCHTEST_LIMA_USER"); name != "" && os.Geteuid() == 0 {
		os.Exit(runAs(name))
	}
	os.Exit(m.Run())
}

// runAs runs this binary again as an ordinary user, since limactl refuses root.
// It is copied first: the go command's own directory is closed to others.
func runAs(name string) int {
	dir, err := os.MkdirTemp("", "benchtest-lima-")
	if err == nil {
		defer func() { _ = os.RemoveAll(dir) }()
		err = errors.Join(os.Chmod(dir, 0o755), copyFile("/proc/self/exe", filepath.Join(dir, "lima.test")))
	}
	if err != nil {
		_, _ = os.Stderr.WriteString(err.Error() + "\n")
		return 1
	}
	cmd := exec.CommandContext(context.Background(), "runuser", append([]string{"-u", name, "--", filepath.Join(dir, "lima.test")}, os.Args[1:]...)...)
	cmd.Env = append(os.Environ(), "HOME="+homeOf(name), "USER="+name, "LOGNAME="+name, "XDG_CACHE_HOME=", "XDG_STATE_HOME=", "TMPDIR=/tmp")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		return max(cmd.ProcessState.ExitCode(), 1)
	}
	return 0
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
