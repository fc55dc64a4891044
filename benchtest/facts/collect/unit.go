//go:build linux

package collect

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

// A unit is what systemd says of one of its units.
type unit struct {
	name                     string
	load, active, sub, files string
	mainPID, restarts        uint32
	since                    uint64 // microseconds; 0 means never
	cgroup                   string
	program                  string // of the first ExecStart
}

// execCommand is one entry of ExecStart as D-Bus has it: a(sasbttttuii).
type execCommand struct {
	Path                                               string
	Args                                               []string
	IgnoreFailure                                      bool
	StartReal, StartMonotonic, ExitReal, ExitMonotonic uint64
	PID                                                uint32
	Code, Status                                       int32
}

// pendingUnit is a unit whose properties are on their way.
type pendingUnit struct {
	name                               string
	load, active, sub, files, since    property
	mainPID, restarts, cgroup, program property
	service                            bool
}

// askUnit sends every question about one unit.
func (d *systemd) askUnit(ctx context.Context, name string) pendingUnit {
	path := unitPath(name)
	p := pendingUnit{
		name:    name,
		load:    d.get(ctx, path, unitIface, "LoadState"),
		active:  d.get(ctx, path, unitIface, "ActiveState"),
		sub:     d.get(ctx, path, unitIface, "SubState"),
		files:   d.get(ctx, path, unitIface, "UnitFileState"),
		since:   d.get(ctx, path, unitIface, "ActiveEnterTimestamp"),
		service: strings.HasSuffix(name, ".service"),
	}
	if p.service {
		p.mainPID = d.get(ctx, path, serviceIface, "MainPID")
		p.restarts = d.get(ctx, path, serviceIface, "NRestarts")
		p.cgroup = d.get(ctx, path, serviceIface, "ControlGroup")
		p.program = d.get(ctx, path, serviceIface, "ExecStart")
	}
	return p
}

// unit collects the answers.
func (p pendingUnit) unit(ctx context.Context) (unit, error) {
	u := unit{name: p.name}
	var err error
	read := func(into *string, from property) {
		if err == nil {
			*into, err = wait[string](ctx, from)
		}
	}
	read(&u.load, p.load)
	read(&u.active, p.active)
	read(&u.sub, p.sub)
	read(&u.files, p.files)
	if err == nil {
		u.since, err = wait[uint64](ctx, p.since)
	}
	if p.service && err == nil {
		read(&u.cgroup, p.cgroup)
		if err == nil {
			u.mainPID, err = wait[uint32](ctx, p.mainPID)
		}
		if err == nil {
			u.restarts, err = wait[uint32](ctx, p.restarts)
		}
		var start []execCommand
		if err == nil {
			start, err = wait[[]execCommand](ctx, p.program)
		}
		if len(start) > 0 {
			u.program = start[0].Path
		}
	}
	if err != nil {
		return u, fmt.Errorf("ask systemd about %s: %w", p.name, err)
	}
	return u, nil
}

func (u unit) enabled() bool { return startsAtBoot(u.files) }

// startsAtBoot reads a UnitFileState. A link below /run is gone after a boot.
func startsAtBoot(state string) bool {
	return slices.Contains([]string{"enabled", "alias", "generated"}, state)
}

func (u unit) masked() bool { return u.load == "masked" || strings.HasPrefix(u.files, "masked") }

func (u unit) sinceTime() any {
	if u.since == 0 {
		return nil
	}
	return time.UnixMicro(int64(u.since)).UTC().Format(facts.TimeLayout)
}

// unitName completes the subject of a service rule: "nginx" is nginx.service.
func unitName(subject string) string {
	types := []string{
		".service", ".socket", ".timer", ".mount", ".automount", ".target",
		".path", ".slice", ".scope", ".device", ".swap",
	}
	if slices.ContainsFunc(types, func(t string) bool { return strings.HasSuffix(subject, t) }) {
		return subject
	}
	return subject + ".service"
}
