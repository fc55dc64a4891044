package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Destroy kills the guest, without a shutdown, and removes all that is the
// machine's. Two processes may do it at once: each step takes what it seeks as
// done when it is not there.
func (m *Machine) Destroy(ctx context.Context) error {
	if err := m.destroy(ctx); err != nil {
		return fmt.Errorf("destroy %s: %w", m.id, err)
	}
	return nil
}

func (m *Machine) destroy(ctx context.Context) error {
	d := dirOf(m.id)
	unlock, err := lockDir(string(d))
	if err != nil {
		return err
	}
	defer unlock()
	// Both may be missing or torn in a machine that was half made.
	rec, _ := readJSON[record](d.record())
	if rec.ID == "" {
		rec = record{ID: m.id, Run: "none", DiskImage: filepath.Join(m.home, "machines", m.id, "disk.img")}
	}
	hs, err := hostHierarchies()
	if err != nil {
		return err
	}
	if err := kill(ctx, rec, hs); err != nil {
		return err
	}
	if err := unmountTree(ctx, d); err != nil {
		return err
	}
	return removeFiles(rec)
}

// kill ends every process of the machine: the monitor first, since it would
// start the guest again.
func kill(ctx context.Context, rec record, hs hierarchies) error {
	st, _ := readJSON[state](dirOf(rec.ID).state())
	if err := st.Monitor.kill(ctx); err != nil {
		return err
	}
	if err := st.Init.kill(ctx); err != nil {
		return err
	}
	// A monitor that was killed at work may have left more than its state says.
	for _, c := range cgroupsOf(hs, rec.ID) {
		if err := c.empty(ctx); err != nil {
			return err
		}
	}
	if err := containerOf(rec, hs).remove(ctx); err != nil {
		return err
	}
	// Once more: what removes the container works in the machine's cgroup.
	for _, c := range cgroupsOf(hs, rec.ID) {
		if err := c.remove(); err != nil {
			return err
		}
	}
	return nil
}

// removeFiles removes the machine's directories, which nothing is mounted on
// any more. The mount points go first and only if they are empty: a file
// system that is still there must stop us, not be emptied.
func removeFiles(rec record) error {
	d := dirOf(rec.ID)
	for _, p := range []string{d.root(), d.disk()} {
		if err := unix.Rmdir(p); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove %s: %w", p, err)
		}
	}
	if rec.DiskImage != "" {
		if err := os.RemoveAll(filepath.Dir(rec.DiskImage)); err != nil {
			return err
		}
	}
	return errors.Join(os.RemoveAll(string(d)), os.RemoveAll(string(nascent(rec.ID))))
}
