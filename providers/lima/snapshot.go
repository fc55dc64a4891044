package lima

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/benchtest-dev/benchtest/providers"
)

var snapshotTag = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// CanReset is nil where the driver has snapshots, which is QEMU alone, and the
// guest sees nothing of the driver, which would not go back with it.
func (m *Machine) CanReset(context.Context) error {
	if err := m.hasSnapshots(); err != nil {
		return err
	}
	r, err := m.p.readRecord(m.id)
	if err == nil && len(r.Mounts) > 0 {
		err = errors.New("a guest that has mounts cannot go back to a snapshot: each attempt gets a new clone")
	}
	return err
}

func (m *Machine) hasSnapshots() error {
	if m.p.tool.settings.usesQEMU() {
		return nil
	}
	return errors.New("lima's driver vz has no snapshots: each attempt gets a new clone")
}

// Snapshot keeps the machine as it is, with its memory when it runs.
func (m *Machine) Snapshot(ctx context.Context, tag string) error {
	r, err := m.snapshots(ctx, tag)
	if err == nil {
		err = m.p.createSnapshot(ctx, r.Instance, tag)
	}
	if err != nil {
		return fmt.Errorf("snapshot %s of %s: %w", tag, m.id, err)
	}
	return nil
}

// Restore brings back what Snapshot kept. Every connection to the guest is
// dead then; those that this value dialled are closed. It returns when the
// guest answers again and knows what time it is.
func (m *Machine) Restore(ctx context.Context, tag string) error {
	r, err := m.snapshots(ctx, tag)
	if err == nil {
		err = m.restore(ctx, r, tag)
	}
	if err != nil {
		return fmt.Errorf("restore snapshot %s of %s: %w", tag, m.id, err)
	}
	return nil
}

func (m *Machine) restore(ctx context.Context, r record, tag string) error {
	if err := m.p.snapshotCommand(ctx, r.Instance, "apply", tag); err != nil {
		infos, lerr := m.listSnapshots(ctx)
		if lerr == nil && !slices.ContainsFunc(infos, func(i providers.SnapshotInfo) bool { return i.Tag == tag }) {
			return providers.ErrNotFound
		}
		return err
	}
	m.cut()
	if !m.p.on(r.Instance) {
		return nil
	}
	return m.tellTime(ctx, r)
}

// tellTime sets the clock of a guest that has just gone on.
func (m *Machine) tellTime(ctx context.Context, r record) error {
	brief, cancel := context.WithTimeout(ctx, providers.Stretch(m.p, 10*time.Second))
	defer cancel()
	if m.p.wakeBySteward(brief, r.Instance) == nil {
		return nil
	}
	root, err := m.admin(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	_, err = run(ctx, root, wakeScript(time.Now()))
	return err
}

// snapshots refuses what cannot be.
func (m *Machine) snapshots(ctx context.Context, tag string) (record, error) {
	if !snapshotTag.MatchString(tag) {
		return record{}, errors.New("a tag is of at most 64 letters, digits, dots, dashes and underscores")
	}
	if err := m.CanReset(ctx); err != nil {
		return record{}, err
	}
	return m.p.readRecord(m.id)
}

// createSnapshot replaces one of the same tag. What a guest has under way it does
// again after each reset, be it only the end of a session or the writing of a
// file: it gets a moment for that.
func (p *Provider) createSnapshot(ctx context.Context, instance, tag string) error {
	const calm = time.Second
	if p.on(instance) {
		p.settle(ctx, instance)
		if err := providers.Pause(ctx, calm); err != nil {
			return err
		}
	}
	return p.snapshotCommand(ctx, instance, "create", tag)
}

// settle has the guest write to disk what is not there yet, if it listens.
func (p *Provider) settle(ctx context.Context, instance string) {
	const limit = 5 * time.Second
	ctx, cancel := context.WithTimeout(ctx, providers.Stretch(p, limit))
	defer cancel()
	_ = p.tellSteward(ctx, instance, func() string { return "sync" })
}

// snapshotCommand creates, applies or deletes a snapshot: of a machine that runs
// by way of QEMU's monitor, which is all that limactl would do, else by limactl.
// What QEMU complains of there is only in limactl's log: its exit status is 0.
func (p *Provider) snapshotCommand(ctx context.Context, instance, verb, tag string) error {
	if p.on(instance) {
		return p.snapshotNow(ctx, instance, verb, tag)
	}
	_, log, err := p.tool.runWith(ctx, instance, nil, "snapshot", verb, "--tty=false", instance, "--tag", tag)
	if err != nil {
		return err
	}
	for line := range bytes.Lines(log) {
		if _, said, found := bytes.Cut(line, []byte(`msg="output: `)); found {
			return fmt.Errorf("limactl snapshot %s: %s", verb, bytes.TrimRight(said, "\"\n"))
		}
	}
	return nil
}

// snapshotNow is snapshotCommand for a machine that runs. Its memory is written
// or read as a whole.
func (p *Provider) snapshotNow(ctx context.Context, instance, verb, tag string) error {
	const snapshotLimit = 2 * time.Minute
	ctx, cancel := context.WithTimeout(ctx, snapshotLimit)
	defer cancel()
	m, err := p.openMonitor(ctx, instance)
	if err != nil {
		return err
	}
	defer m.close()
	words := map[string]string{"create": "savevm", "apply": "loadvm", "delete": "delvm"}
	return m.human(words[verb] + " " + tag)
}

// Snapshots lists what was kept of the machine, oldest first, without what its
// template keeps for clones.
func (m *Machine) Snapshots(ctx context.Context) ([]providers.SnapshotInfo, error) {
	infos, err := m.listSnapshots(ctx)
	if err != nil {
		return nil, fmt.Errorf("list snapshots of %s: %w", m.id, err)
	}
	return slices.DeleteFunc(infos, func(i providers.SnapshotInfo) bool { return i.Tag == bootedTag }), nil
}

func (m *Machine) listSnapshots(ctx context.Context) ([]providers.SnapshotInfo, error) {
	if err := m.hasSnapshots(); err != nil {
		return nil, err
	}
	r, err := m.p.readRecord(m.id)
	if err != nil {
		return nil, err
	}
	out, err := m.p.tool.run(ctx, r.Instance, "snapshot", "list", "--tty=false", r.Instance)
	if err != nil {
		return nil, err
	}
	return parseSnapshots(out), nil
}

// DeleteSnapshot removes one; one that is not there is ErrNotFound.
func (m *Machine) DeleteSnapshot(ctx context.Context, tag string) error {
	infos, err := m.Snapshots(ctx)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(infos, func(i providers.SnapshotInfo) bool { return i.Tag == tag }) {
		return fmt.Errorf("delete snapshot %s of %s: %w", tag, m.id, providers.ErrNotFound)
	}
	r, err := m.p.readRecord(m.id)
	if err == nil {
		err = m.p.snapshotCommand(ctx, r.Instance, "delete", tag)
	}
	if err != nil {
		return fmt.Errorf("delete snapshot %s of %s: %w", tag, m.id, err)
	}
	return nil
}

// A snapshot's line, as QEMU's monitor and qemu-img print it:
//
//	ID   TAG     VM_SIZE             DATE        VM_CLOCK     ICOUNT
//	--   clean   209 MiB 2026-11-22 10:23:38  0000:01:23.864      --
var snapshotLine = regexp.MustCompile(`(?m)^\S+\s+(\S+)\s+([0-9.]+) ?([KMGT]i)?B?\s+(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\s`)

// parseSnapshots reads what `limactl snapshot list` prints, which is meant for
// people; lines that are no snapshots are left out.
func parseSnapshots(out []byte) []providers.SnapshotInfo {
	var infos []providers.SnapshotInfo
	for _, f := range snapshotLine.FindAllSubmatch(out, -1) {
		created, err := time.ParseInLocation(time.DateTime, string(f[4]), time.Local)
		if err != nil {
			continue
		}
		size, err := strconv.ParseFloat(string(f[2]), 64)
		if err != nil {
			continue
		}
		if len(f[3]) > 0 {
			size *= float64(int64(1) << (10 * (1 + strings.IndexByte("KMGT", f[3][0]))))
		}
		infos = append(infos, providers.SnapshotInfo{Tag: string(f[1]), Created: created, Bytes: int64(size)})
	}
	return infos
}
