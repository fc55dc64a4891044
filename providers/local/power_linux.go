package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
	"golang.org/x/sys/unix"

	"github.com/benchtest-dev/benchtest/providers"
)

// What systemd as PID 1 takes for "start poweroff.target": SIGRTMIN+4.
const startPoweroff = unix.Signal(34 + 4)

// stopLimit is how long a guest may take to shut down before it is killed.
const stopLimit = 20 * time.Second

// Start switches a guest on that is off, also after a restart of the host, and
// returns when its init runs.
func (m *Machine) Start(ctx context.Context) error {
	if err := m.start(ctx); err != nil {
		return fmt.Errorf("start %s: %w", m.id, err)
	}
	return nil
}

func (m *Machine) start(ctx context.Context) error {
	if err := m.revive(ctx); err != nil {
		return err
	}
	unlock, err := m.lockPower(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	rec, err := readJSON[record](dirOf(m.id).record())
	if err != nil {
		return err
	}
	st, err := readJSON[state](dirOf(m.id).state())
	switch {
	case errors.Is(err, fs.ErrNotExist) && exists(dirOf(m.id).root()):
		// It was revived, or its first start was cut off.
	case err != nil:
		return err
	case st.Off == "" && st.Init.alive():
		return nil
	case st.Monitor.alive() && (st.Off == offStarting || st.Off == offRebooting):
		return m.awaitBoot(ctx, st.Boots+1)
	}
	// Its monitor is at the end of its work, or was killed at it.
	if err := st.Monitor.wait(ctx); err != nil {
		return err
	}
	hs, err := hostHierarchies()
	if err != nil {
		return err
	}
	if err := containerOf(rec, hs).remove(ctx); err != nil {
		return err
	}
	// Anew: the directories may be others by now.
	if err := unmountShares(dirOf(m.id)); err != nil {
		return err
	}
	if err := mountShares(ctx, rec); err != nil {
		return err
	}
	return boot(ctx, rec)
}

// Stop shuts the guest down, and kills one that takes too long over it. The
// disk stays.
func (m *Machine) Stop(ctx context.Context) error {
	if err := m.stop(ctx); err != nil {
		return fmt.Errorf("stop %s: %w", m.id, err)
	}
	return nil
}

func (m *Machine) stop(ctx context.Context) error {
	if !exists(string(dirOf(m.id))) {
		if _, err := m.kept(); err == nil {
			return nil // the host was restarted, which stopped it
		}
		return providers.ErrNotFound
	}
	unlock, err := m.lockPower(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	st, err := readJSON[state](dirOf(m.id).state())
	if err != nil {
		return err
	}
	_ = st.Init.signal(startPoweroff) // one that has gone is waited for all the same
	gentle, cancel := context.WithTimeout(ctx, stopLimit)
	defer cancel()
	if st.Monitor.wait(gentle) == nil {
		return m.switchedOff(ctx)
	}
	// A guest that reboots has another init by now.
	if st, err = readJSON[state](dirOf(m.id).state()); err != nil {
		return err
	}
	_ = st.Init.signal(unix.SIGKILL)
	if err := st.Monitor.wait(ctx); err != nil {
		return err
	}
	return m.switchedOff(ctx)
}

// switchedOff does what a monitor that was killed could not: it sees to the
// guest's end and writes it down.
func (m *Machine) switchedOff(ctx context.Context) error {
	st, err := readJSON[state](dirOf(m.id).state())
	if err != nil || st.Off != "" && st.Off != offStarting && st.Off != offRebooting {
		return err
	}
	if err := st.Init.kill(ctx); err != nil {
		return err
	}
	st.Init, st.Off = process{}, offPower
	return writeJSON(dirOf(m.id).state(), st)
}

// lockPower keeps two who start and stop the machine apart. Destroy does not
// wait for it.
func (m *Machine) lockPower(ctx context.Context) (unlock func(), err error) {
	l := flock.New(filepath.Join(string(dirOf(m.id)), "power.lock"))
	if _, err := l.TryLockContext(ctx, 10*time.Millisecond); err != nil {
		if !exists(string(dirOf(m.id))) {
			err = providers.ErrNotFound
		}
		return nil, errors.Join(err, l.Close())
	}
	return func() { _ = l.Close() }, nil
}
