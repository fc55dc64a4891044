package lima

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"
)

//go:embed qemu.sh
var wrapperScript []byte

// markName is the variable in the environment of every process that works on
// one of our instances; its value is the instance's directory.
const markName = "BENCHTEST_LIMA_INSTANCE"

// A tool is limactl, called for us.
type tool struct {
	settings settings
	wrapper  string // path of the QEMU wrapper
}

// prepare makes LIMA_HOME and writes the wrapper, in one step each.
func (l tool) prepare() error {
	for _, dir := range []string{l.settings.home, filepath.Join(l.settings.home, "_config"), filepath.Dir(l.wrapper)} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
	}
	if old, err := os.ReadFile(l.wrapper); err == nil && bytes.Equal(old, wrapperScript) {
		return nil
	}
	return replaceFile(l.wrapper, wrapperScript, 0o755)
}

// dir is where limactl keeps an instance.
func (l tool) dir(instance string) string { return filepath.Join(l.settings.home, instance) }

// command is one call of limactl. Whatever it starts carries the mark of
// instance; extra is added to its environment.
func (l tool) command(ctx context.Context, instance string, extra []string, args ...string) (*exec.Cmd, error) {
	env, err := l.settings.env(l.wrapper)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, l.settings.limactl, args...)
	cmd.Env = append(append(env, extra...), markName+"="+l.dir(instance))
	cmd.Dir = "/"
	group(cmd)
	return cmd, nil
}

// run calls limactl about an instance and returns what it printed.
func (l tool) run(ctx context.Context, instance string, args ...string) ([]byte, error) {
	out, _, err := l.runWith(ctx, instance, nil, args...)
	return out, err
}

// runWith adds to its environment, and also returns the log that limactl writes
// on its standard error.
func (l tool) runWith(ctx context.Context, instance string, extra []string, args ...string) (out, log []byte, err error) {
	cmd, err := l.command(ctx, instance, extra, args...)
	if err != nil {
		return nil, nil, err
	}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return nil, nil, fmt.Errorf("limactl %s: %w: %s", args[0], err, complaint(stderr.Bytes()))
	}
	return stdout.Bytes(), stderr.Bytes(), nil
}

// Lines of limactl's log, and of a host agent's, that are no complaints.
var chatter = regexp.MustCompile(`\blevel=(debug|info|warning)\b|"level":"(debug|info|warning)"`)

// complaint is what limactl's log says went wrong: the last lines that are no
// chatter.
func complaint(log []byte) string {
	var said []string
	for line := range strings.Lines(string(log)) {
		if line = strings.TrimSpace(line); line != "" && (!chatter.MatchString(line) || fromQEMU(line)) {
			said = append(said, line)
		}
	}
	return strings.Join(said[max(0, len(said)-3):], "; ")
}

// fromQEMU reports whether a host agent says in a line what QEMU died of. It
// passes everything of QEMU's on as chatter.
func fromQEMU(line string) bool {
	return strings.Contains(line, "qemu[stderr]: ") && !strings.Contains(line, ": warning: ")
}

// replaceFile writes path in one step: a reader sees the old or the new.
func replaceFile(path string, data []byte, mode os.FileMode) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(mode), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}

// group gives cmd a process group of its own, which ends with its context.
func group(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 5 * time.Second
}
