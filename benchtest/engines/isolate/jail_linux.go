package isolate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// flag, as its first argument, makes our binary PID 1 of a cell (Main).
const flag = "-benchtest.isolate"

// The files that PID 1 inherits beside the standard streams.
const (
	socketFD  = 3 // its orders; ends when the driver does; takes why it gave up
	scratchFD = 4
)

// orders are what PID 1 is told. Program and arguments are in its own argv,
// the environment is its own.
type orders struct {
	UID     int
	Dir     string // the program's working directory and home
	Places  []place
	Cgroups []string
	Limits  Limits
	Trial   bool // lay everything out and start nothing
}

// maxOrders is what fits into a socket before anybody reads.
const maxOrders = 64 << 10

// A jail is what a Cell confines with on Linux.
type jail struct {
	config  Config
	slot    *slot
	cgroup  cgroup
	scratch *os.File
	// One end of a socket each; nil before wrap.
	ours, theirs *os.File
	trial        bool
}

// open makes a cell for which everything is there.
func open(c Config) (*Cell, error) {
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("open cell: %w", err)
	}
	c.Limits = c.Limits.withDefaults()
	j := &jail{config: c}
	if err := j.open(); err != nil {
		return nil, fmt.Errorf("open cell: %w", errors.Join(err, j.close()))
	}
	return &Cell{by: j.by(), uid: j.slot.uid, inner: j}, nil
}

func (j *jail) open() error {
	mounts, err := ownMounts()
	if err != nil {
		return err
	}
	if j.slot, err = takeSlot(Book); err != nil {
		return err
	}
	plan := planCgroup(mounts, j.slot.uid)
	if err := j.slot.note(leavings{Cgroups: plan.dirs}); err != nil {
		return err
	}
	plan.make(j.config.Limits)
	j.cgroup = plan
	j.scratch, err = newScratch(j.slot.uid, j.config.Limits)
	return err
}

func (j *jail) by() string {
	bounds := "no cgroup"
	if len(j.cgroup.bounds) > 0 {
		bounds = "cgroup (" + strings.Join(j.cgroup.bounds, ", ") + ")"
	}
	return "own user, namespaces (pid, mount, ipc, uts), rlimits, " + bounds
}

func (j *jail) wrap(cmd *exec.Cmd, show []string) error {
	switch {
	case j.ours != nil:
		return errors.New("wrap command: the cell has its program")
	case !filepath.IsAbs(cmd.Path) || cmd.Env == nil || len(cmd.ExtraFiles) > 0:
		return fmt.Errorf("wrap command %s: want an absolute path, an environment and no extra files", cmd.Path)
	}
	path, places := j.layout(cmd, show)
	message, err := json.Marshal(orders{
		UID: j.slot.uid, Dir: j.config.Dir, Places: places, Cgroups: j.cgroup.dirs, Limits: j.config.Limits, Trial: j.trial,
	})
	if err != nil {
		return err
	}
	if len(message) > maxOrders {
		return fmt.Errorf("orders of %d bytes: at most %d", len(message), maxOrders)
	}
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("make socket: %w", err)
	}
	j.ours, j.theirs = os.NewFile(uintptr(fds[0]), "driver"), os.NewFile(uintptr(fds[1]), "cell")
	if _, err := j.ours.Write(message); err != nil {
		return fmt.Errorf("give orders: %w", err)
	}
	cmd.Args = append([]string{"benchtest-engine", flag, path}, cmd.Args...)
	cmd.Path, cmd.Dir = j.config.Binary, "/"
	cmd.ExtraFiles = []*os.File{j.theirs, j.scratch}
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Cloneflags |= unix.CLONE_NEWPID | unix.CLONE_NEWNS | unix.CLONE_NEWIPC | unix.CLONE_NEWUTS
	// A session of its own: the driver's terminal is not its to type into.
	cmd.SysProcAttr.Setsid, cmd.SysProcAttr.Setpgid = true, false
	return nil
}

// layout is what the file system of cmd looks like, and where its program is.
func (j *jail) layout(cmd *exec.Cmd, show []string) (path string, places []place) {
	s := newSight(j.config)
	s.file(j.config.Binary)
	path = direct(cmd.Path)
	if !j.trial {
		s.program(path, cmd.Args[min(1, len(cmd.Args)):])
	}
	for _, p := range show {
		s.keep(place{Path: p, Kind: shown})
	}
	s.keep(place{Path: j.config.Dir, Kind: scratch, From: workDir})
	return path, arrange(s.places)
}

// maxFailure bounds what PID 1 says of why it gave up.
const maxFailure = 4 << 10

func (j *jail) failure() error {
	if j.theirs == nil {
		return nil
	}
	// Ours was the last handle: PID 1 is gone and its program never had one.
	j.theirs.Close()
	b, err := io.ReadAll(io.LimitReader(j.ours, maxFailure))
	switch {
	case errors.Is(err, unix.ECONNRESET):
		return fmt.Errorf("%s did not take the cell's orders", j.config.Binary)
	case err != nil:
		return fmt.Errorf("ask the cell: %w", err)
	case len(b) > 0:
		return errors.New(string(b))
	}
	return nil
}

func (j *jail) openDir() (*os.Root, error) {
	return os.OpenRoot(fmt.Sprintf("/proc/self/fd/%d/%s", j.scratch.Fd(), workDir))
}

func (j *jail) close() error {
	for _, f := range []*os.File{j.ours, j.theirs, j.scratch} {
		if f != nil {
			f.Close()
		}
	}
	if j.slot == nil {
		return nil
	}
	slot := j.slot
	j.slot = nil // another cell's from now on
	if err := j.cgroup.remove(); err != nil {
		// It stays noted, for whoever sweeps.
		return errors.Join(err, slot.file.Close())
	}
	return slot.free()
}

// trialLimit bounds the trial of whether programs can be confined here.
const trialLimit = 10 * time.Second

// lacking says why programs cannot be confined here; empty: they can.
func lacking(ctx context.Context, binary string) string {
	if os.Geteuid() != 0 {
		return "the driver does not run as root"
	}
	// A call that is refused for its arguments is there.
	if err := unix.MountSetattr(-1, "", unix.AT_EMPTY_PATH, &unix.MountAttr{}); errors.Is(err, unix.ENOSYS) {
		return "the driver's kernel is older than Linux 5.12"
	}
	_ = Sweep() // who needs a slot clears it in any case
	if err := try(ctx, binary); err != nil {
		return strings.ReplaceAll(err.Error(), "\n", "; ")
	}
	return ""
}

// try makes a cell and lays everything out in it.
func try(ctx context.Context, binary string) error {
	// PID 1 dies with the thread that started it.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	ctx, cancel := context.WithTimeout(ctx, trialLimit)
	defer cancel()
	dir, err := os.MkdirTemp("", "benchtest-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }() // empty, and in the directory for such things
	cell, err := open(Config{Binary: binary, Dir: dir})
	if err != nil {
		return err
	}
	j := cell.inner.(*jail) // open makes no other
	j.trial = true
	cmd := exec.CommandContext(ctx, binary)
	cmd.Env = []string{}
	cmd.WaitDelay = time.Second
	err = cell.Wrap(cmd)
	if err == nil {
		err = cmd.Run() // what ends PID 1 ends all
	}
	return errors.Join(err, cell.Failure(), cell.Close())
}
