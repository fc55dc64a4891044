package local

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/benchtest-dev/benchtest/providers"
)

// List names the templates, clones and networks of this BENCHTEST_HOME. It
// reads only what is on disk, so half-made things and those of dead processes
// are in it.
func (p *Provider) List(context.Context) ([]providers.MachineInfo, error) {
	templates, err := p.listTemplates()
	if err != nil {
		return nil, fmt.Errorf("list: %w", err)
	}
	clones, err := p.listClones()
	if err != nil {
		return nil, fmt.Errorf("list: %w", err)
	}
	networks, err := p.listNetworks()
	if err != nil {
		return nil, fmt.Errorf("list: %w", err)
	}
	return slices.Concat(templates, clones, networks), nil
}

func (p *Provider) listTemplates() ([]providers.MachineInfo, error) {
	entries, err := readDir(p.templates())
	if err != nil {
		return nil, err
	}
	var infos []providers.MachineInfo
	for _, e := range entries {
		name := strings.TrimPrefix(e, stagingPrefix)
		if !strings.HasPrefix(name, "template-") {
			continue
		}
		info := providers.MachineInfo{ID: name, Kind: providers.KindTemplate, Provider: "local", Template: name, State: "broken"}
		if m, err := readJSON[meta](p.templateDir(e).meta()); err == nil && name == e {
			info.State, info.Bytes, info.Created = "complete", m.Bytes, m.Created
		}
		infos = append(infos, info)
	}
	return infos, nil
}

func (p *Provider) listClones() ([]providers.MachineInfo, error) {
	records, err := allRecords()
	if err != nil {
		return nil, err
	}
	// After a reboot of the host only the disks are left.
	disks, err := readDir(filepath.Join(p.home, "machines"))
	if err != nil {
		return nil, err
	}
	for _, id := range disks {
		if checkID(id) == nil && !slices.ContainsFunc(records, func(r record) bool { return r.ID == id }) {
			rec, err := (&Machine{id: id, home: p.home}).kept()
			if err != nil || rec.ID != id {
				rec = record{ID: id, Home: p.home, DiskImage: p.diskImage(id)}
			}
			records = append(records, rec)
		}
	}
	var infos []providers.MachineInfo
	for _, r := range records {
		if r.Home != p.home {
			continue
		}
		infos = append(infos, providers.MachineInfo{
			ID: r.ID, Kind: providers.KindClone, Provider: "local", Template: r.Template, Run: r.Run,
			State: stateName(r), Bytes: bytesOf(cmp.Or(r.DiskImage, r.Upper)), Created: r.Created,
		})
	}
	return infos, nil
}

// stateName is "running", "starting" between two boots, "stopped" when the guest
// ended under its monitor's eyes (however it did that: it was the guest), or
// "broken" for what was half made or lost its processes to somebody outside.
func stateName(r record) string {
	st, err := readJSON[state](dirOf(r.ID).state())
	switch {
	case r.DiskImage != "" && !exists(string(dirOf(r.ID))) && exists(keptRecord(r.DiskImage)):
		return "stopped" // by a restart of the host
	case err != nil:
		return "broken"
	case st.Off == "" && st.Init.alive():
		return "running"
	case st.Off != "" && st.Off != offStarting && st.Off != offRebooting:
		return "stopped" // its monitor may still be clearing up
	case st.Monitor.alive():
		return "starting"
	}
	return "broken"
}

// allRecords are those of every machine on this host, sorted by ID.
func allRecords() ([]record, error) {
	ids, err := readDir(runDir)
	if err != nil {
		return nil, err
	}
	var records []record
	for _, id := range ids {
		if checkID(id) != nil {
			continue
		}
		// One that vanishes while we look is one that is gone.
		if r, err := readJSON[record](dirOf(id).record()); err == nil {
			records = append(records, r)
		}
	}
	return records, nil
}

// allMetas are those of every built template of this home.
func (p *Provider) allMetas() ([]meta, error) {
	names, err := readDir(p.templates())
	if err != nil {
		return nil, err
	}
	var metas []meta
	for _, name := range names {
		if m, err := readJSON[meta](p.templateDir(name).meta()); err == nil {
			metas = append(metas, m)
		}
	}
	return metas, nil
}

// readDir returns the names in a directory, sorted; one that is not there is
// empty.
func readDir(path string) ([]string, error) {
	entries, err := os.ReadDir(path)
	if err != nil && exists(path) {
		return nil, err
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names, nil
}

// bytesOf is what a file takes on disk; holes take nothing.
func bytesOf(path string) int64 {
	var st unix.Stat_t
	if err := unix.Lstat(path, &st); err != nil {
		return 0
	}
	return st.Blocks * 512
}
