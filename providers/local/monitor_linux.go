package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

const (
	monitorFlag = "-benchtest.monitor="
	// readyFD is where a monitor reports that its guest has started, or why not.
	readyFD = 3
	// restartSignal asks a monitor to kill its guest and start it again.
	restartSignal = unix.SIGUSR1
	// maxConsole bounds what is kept of a guest's console, in bytes.
	maxConsole = 64 << 10
)

// MonitorMain runs one of this provider's helpers when the program's arguments,
// without its name, ask for one: a machine's monitor, or the hands of a user
// who is not root. The program then exits with code and does nothing else. It
// must be called first in main, before flags are parsed, by every program that
// clones machines of this provider.
func MonitorMain(args []string) (handled bool, code int) {
	if handled, code := elevatedMain(args); handled {
		return handled, code
	}
	if len(args) != 1 || !strings.HasPrefix(args[0], monitorFlag) {
		return false, 0
	}
	id := strings.TrimPrefix(args[0], monitorFlag)
	if err := checkID(id); err != nil {
		return true, 2
	}
	ready := os.NewFile(readyFD, "ready")
	m, err := newMonitor(id)
	if err == nil {
		err = m.run(context.Background(), func() { report(ready, nil) })
	}
	if err != nil {
		report(ready, err)
		return true, 1
	}
	return true, 0
}

// A readiness is what a monitor says of its guest's first start.
type readiness struct {
	Error string `json:"error,omitempty"`
}

func report(ready *os.File, err error) {
	if err != nil {
		_ = json.NewEncoder(ready).Encode(readiness{Error: err.Error()})
	} else {
		_ = json.NewEncoder(ready).Encode(readiness{})
	}
	_ = ready.Close()
}

// A monitor is the parent of a guest's init. It sees how init ends, which is
// how a PID namespace tells a reboot from a power-off, and starts it again on
// the same layers. It needs nothing but the machine's directory.
type monitor struct {
	record    record
	container container
	state     state
	restart   atomic.Bool // the next end is a reboot, whatever it looks like
	log       *slog.Logger
}

// newMonitor makes itself known under the machine's lock. So a Destroy at the
// same time either finds it and kills it, or has removed the record before.
func newMonitor(id string) (*monitor, error) {
	unlock, err := lockDir(string(dirOf(id)))
	if err != nil {
		return nil, fmt.Errorf("start monitor: %w", err)
	}
	defer unlock()
	rec, err := readJSON[record](dirOf(id).record())
	if err != nil {
		return nil, fmt.Errorf("start monitor: %w", err)
	}
	hs, err := hostHierarchies()
	if err != nil {
		return nil, fmt.Errorf("start monitor: %w", err)
	}
	c := containerOf(rec, hs)
	c.cgroup.join()
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return nil, fmt.Errorf("start monitor: %w", err)
	}
	self, err := processOf(os.Getpid())
	if err != nil {
		return nil, fmt.Errorf("start monitor: %w", err)
	}
	st, _ := readJSON[state](dirOf(id).state()) // there after a power-off
	st.Monitor, st.Off = self, offStarting
	m := &monitor{record: rec, container: c, state: st, log: slog.New(slog.NewTextHandler(os.Stderr, nil))}
	return m, m.save()
}

func (m *monitor) save() error { return writeJSON(m.container.dir.state(), m.state) }

// run boots the guest until it stays off. started is called once, when its
// init runs for the first time.
func (m *monitor) run(ctx context.Context, started func()) error {
	m.watchRestarts()
	started = sync.OnceFunc(started)
	for {
		status, err := m.boot(ctx, started)
		if err != nil {
			m.state.Init, m.state.Off = process{}, err.Error()
			return errors.Join(err, m.save())
		}
		m.state.Init, m.state.Off = process{}, describe(status)
		if m.restart.Swap(false) {
			m.state.Off = offRebooting
		}
		m.log.Info("guest ended", "boot", m.state.Boots, "how", m.state.Off)
		if err := m.save(); err != nil {
			return err
		}
		if err := m.container.remove(ctx); err != nil {
			return err
		}
		if m.state.Off != offRebooting {
			return nil
		}
	}
}

// watchRestarts lets the host reboot a guest that does not do so itself.
func (m *monitor) watchRestarts() {
	c := make(chan os.Signal, 1)
	signal.Notify(c, restartSignal)
	go func() {
		for range c {
			m.restart.Store(true)
			if st, err := readJSON[state](m.container.dir.state()); err == nil {
				_ = st.Init.signal(unix.SIGKILL)
			}
		}
	}()
}

// boot starts the guest and returns when its init has ended.
func (m *monitor) boot(ctx context.Context, started func()) (unix.WaitStatus, error) {
	console, err := m.openConsole()
	if err != nil {
		return 0, err
	}
	init, err := m.container.create(ctx, console)
	_ = console.Close() // the guest has it
	if err != nil {
		return 0, errors.Join(err, m.container.remove(ctx))
	}
	if err := replug(m.record.ID, init); err != nil {
		// The guest is a machine without its cable, not a lost machine.
		m.log.Error("connect network", "error", err)
	}
	if err := m.container.start(ctx); err != nil {
		return 0, errors.Join(err, m.container.remove(ctx))
	}
	m.state.Init, m.state.Off = init, ""
	m.state.Boots++
	if err := m.save(); err != nil {
		return 0, err
	}
	started()
	return waitChild(init.PID)
}

// openConsole returns what the guest writes its console to. The beginning is
// kept, the rest read and dropped: a guest cannot fill the host's memory.
func (m *monitor) openConsole() (*os.File, error) {
	out, err := os.OpenFile(m.container.dir.console(), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open console: %w", err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		_ = out.Close()
		return nil, fmt.Errorf("open console: %w", err)
	}
	go func() {
		defer r.Close()
		_, _ = io.CopyN(out, r, maxConsole)
		_ = out.Close()
		_, _ = io.Copy(io.Discard, r)
	}()
	return w, nil
}

// waitChild waits for a child of this process that os/exec did not start.
func waitChild(pid int) (unix.WaitStatus, error) {
	var status unix.WaitStatus
	for {
		_, err := unix.Wait4(pid, &status, 0, nil)
		switch {
		case err == nil:
			return status, nil
		case !errors.Is(err, unix.EINTR):
			return 0, fmt.Errorf("wait for init: %w", err)
		}
	}
}

// describe says how a guest's init ended. reboot(2) in a PID namespace ends it
// with SIGHUP to restart and SIGINT to halt or power off.
func describe(s unix.WaitStatus) string {
	switch {
	case s.Signaled() && s.Signal() == unix.SIGHUP:
		return offRebooting
	case s.Signaled() && s.Signal() == unix.SIGINT:
		return offPower
	case s.Signaled():
		return "init was killed: " + s.Signal().String()
	}
	return fmt.Sprintf("init exited with status %d", s.ExitStatus())
}
