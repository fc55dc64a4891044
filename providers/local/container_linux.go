package local

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	runc "github.com/containerd/go-runc"
	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

// A container is what runc runs for one machine. Containers live in runc's own
// default state directory, where `runc list` shows them.
type container struct {
	id     string
	dir    dir
	cgroup cgroup
	runc   runc.Runc
}

// runcRoot is where runc keeps its containers' state when run as root.
const runcRoot = "/run/runc"

func containerOf(r record, hs hierarchies) container {
	d := dirOf(r.ID)
	return container{
		id: r.ID, dir: d, cgroup: cgroupOf(hs, r.Run, r.ID),
		runc: runc.Runc{Root: runcRoot, Setpgid: true, Log: filepath.Join(string(d), "runc.log"), LogFormat: runc.JSON},
	}
}

// command is a runc that the driver runs, and not the machine's monitor. It is
// started with the cgroup's run.
func (c container) command(ctx context.Context, args ...string) *exec.Cmd {
	return command(ctx, "runc", append([]string{"--root", runcRoot, "--log", c.runc.Log, "--log-format", "json"}, args...)...)
}

// writeBundle writes the OCI bundle that create reads.
func (c container) writeBundle(spec *specs.Spec) error {
	if err := os.MkdirAll(c.dir.bundle(), 0o700); err != nil {
		return fmt.Errorf("write bundle: %w", err)
	}
	if err := writeJSON(filepath.Join(c.dir.bundle(), "config.json"), spec); err != nil {
		return fmt.Errorf("write bundle: %w", err)
	}
	return nil
}

// create makes the container, whose init then waits, and delegates its cgroup.
// What the guest writes to its console goes to console.
func (c container) create(ctx context.Context, console *os.File) (process, error) {
	_ = os.Remove(c.runc.Log) // holds the last call's errors only
	pidFile := filepath.Join(string(c.dir), "init.pid")
	c.cgroup.claim()
	opts := &runc.CreateOpts{PidFile: pidFile, IO: &stdio{out: console}}
	if err := c.runc.Create(ctx, c.id, c.dir.bundle(), opts); err != nil {
		return process{}, fmt.Errorf("create container: %w", c.explain(err))
	}
	b, err := os.ReadFile(pidFile)
	if err != nil {
		return process{}, fmt.Errorf("create container: %w", err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		return process{}, fmt.Errorf("create container: %w", err)
	}
	if err := c.cgroup.delegate(idOffset); err != nil {
		return process{}, fmt.Errorf("create container: %w", err)
	}
	return processOf(pid)
}

// start lets the created container's init go.
func (c container) start(ctx context.Context) error {
	if err := c.runc.Start(ctx, c.id); err != nil {
		return fmt.Errorf("start container: %w", c.explain(err))
	}
	return nil
}

// remove kills the container and forgets it; one that is not there is nil.
func (c container) remove(ctx context.Context) error {
	state := filepath.Join(runcRoot, c.id)
	if !exists(state) {
		return nil
	}
	// A runc that was killed at its start leaves its own binary bound there.
	names, err := readDir(state)
	if err != nil {
		return fmt.Errorf("remove container: %w", err)
	}
	for _, name := range names {
		_ = unix.Unmount(filepath.Join(state, name), unix.MNT_DETACH|unix.UMOUNT_NOFOLLOW)
	}
	err = c.cgroup.run(c.command(ctx, "delete", "--force", c.id))
	if err != nil && exists(state) {
		return fmt.Errorf("remove container: %w", c.explain(err))
	}
	return nil
}

// explain adds what runc logged to an error that says only "exit status 1".
func (c container) explain(err error) error {
	b, readErr := os.ReadFile(c.runc.Log)
	if readErr != nil {
		return err
	}
	var last string
	for line := range strings.Lines(string(b)) {
		var entry struct{ Level, Msg string }
		if json.Unmarshal([]byte(line), &entry) == nil && entry.Level == "error" {
			last = entry.Msg
		}
	}
	if last == "" {
		return err
	}
	return fmt.Errorf("%w: %s", err, last)
}

// stdio is the standard streams of a runc command. They are handed on to the
// container's process.
type stdio struct {
	in  io.Reader
	out io.Writer // stdout and stderr
}

// Set is called by go-runc before it starts the command.
func (s *stdio) Set(cmd *exec.Cmd) {
	cmd.Stdin, cmd.Stdout, cmd.Stderr = s.in, s.out, s.out
	cmd.Cancel = func() error { return killGroup(cmd.Process) }
	cmd.WaitDelay = 5 * time.Second
}

// The rest of go-runc's IO serves streams that it makes itself.
func (s *stdio) Stdin() io.WriteCloser { return nil }
func (s *stdio) Stdout() io.ReadCloser { return nil }
func (s *stdio) Stderr() io.ReadCloser { return nil }
func (s *stdio) Close() error          { return nil }
