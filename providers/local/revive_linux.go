package local

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/benchtest-dev/benchtest/providers"
)

// What a restart of the host takes away is all but the disk. A machine that
// people made for themselves therefore keeps its record beside its disk, and
// Start puts the rest together again.

// keptRecord is where a record is that outlives the host's run.
func keptRecord(diskImage string) string {
	return filepath.Join(filepath.Dir(diskImage), "machine.json")
}

// keep writes a record where a restart of the host leaves it.
func keep(r record) error { return writeJSON(keptRecord(r.DiskImage), r) }

// kept is the record that outlived the host's run, if the machine has one.
func (m *Machine) kept() (record, error) {
	return readJSON[record](keptRecord(filepath.Join(m.home, "machines", m.id, "disk.img")))
}

// revive puts a machine together again of which only the disk is left; any
// other is left as it is.
func (m *Machine) revive(ctx context.Context) (err error) {
	if exists(string(dirOf(m.id))) {
		return nil
	}
	rec, err := m.kept()
	if err != nil {
		if exists(filepath.Join(m.home, "machines", m.id)) {
			return errors.New("the host was restarted, and what the machine was made of is not known any more: delete it")
		}
		return providers.ErrNotFound
	}
	if err := checkDisk(ctx, rec.DiskImage); err != nil {
		return err
	}
	for _, layer := range rec.Layers {
		if !exists(layer) {
			return fmt.Errorf("its template is gone: %s: delete the machine", layer)
		}
	}
	if err := reserve(rec); err != nil {
		return err
	}
	if err := mountRoot(rec); err != nil {
		undo, cancel := context.WithTimeout(context.WithoutCancel(ctx), destroyLimit)
		defer cancel()
		// Not Destroy: the disk stays for another try.
		return errors.Join(err, unmountTree(undo, dirOf(m.id)), os.RemoveAll(string(dirOf(m.id))))
	}
	return nil
}

// checkDisk mends what a crash of the host left of a file system that keeps no
// journal.
func checkDisk(ctx context.Context, image string) error {
	cmd := command(ctx, "e2fsck", "-p", image)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	const mended = 1
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() <= mended {
		return nil
	}
	if err != nil {
		return fmt.Errorf("its disk needs repair: e2fsck -y %s, then start it again: %w: %s", image, err, bytes.TrimSpace(out.Bytes()))
	}
	return nil
}
