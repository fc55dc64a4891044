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
	witness                  string // the program that said all this
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

// unitCalls are the questions about one unit; readUnit reads the answers.
func unitCalls(name string) []busCall {
	path := unitPath(name)
	calls := []busCall{
		property(path, unitIface, "LoadState"),
		property(path, unitIface, "ActiveState"),
		property(path, unitIface, "SubState"),
		property(path, unitIface, "UnitFileState"),
		property(path, unitIface, "ActiveEnterTimestamp"),
	}
	if strings.HasSuffix(name, ".service") {
		calls = append(calls,
			property(path, serviceIface, "ControlGroup"),
			property(path, serviceIface, "MainPID"),
			property(path, serviceIface, "NRestarts"),
			property(path, serviceIface, "ExecStart"))
	}
	return calls
}

func (d *systemd) readUnit(name string, replies []busReply) (unit, error) {
	u := unit{name: name, witness: d.witness}
	var start []execCommand
	into := []any{&u.load, &u.active, &u.sub, &u.files, &u.since, &u.cgroup, &u.mainPID, &u.restarts, &start}
	for i, r := range replies {
		if err := r.store(into[i]); err != nil {
			return u, fmt.Errorf("ask systemd about %s: %w", name, err)
		}
	}
	if len(start) > 0 {
		u.program = start[0].Path
	}
	return u, nil
}

// units asks about several units at once.
func (d *systemd) units(ctx context.Context, names ...string) ([]unit, error) {
	var calls []busCall
	for _, name := range names {
		calls = append(calls, unitCalls(name)...)
	}
	replies, err := d.ask(ctx, calls)
	if err != nil {
		return nil, err
	}
	units := make([]unit, len(names))
	for i, name := range names {
		n := len(unitCalls(name))
		if units[i], err = d.readUnit(name, replies[:n]); err != nil {
			return nil, err
		}
		replies = replies[n:]
	}
	return units, nil
}

func (u unit) masked() bool { return u.load == "masked" || strings.HasPrefix(u.files, "masked") }

func (u unit) sinceTime() any {
	if u.since == 0 || u.active == "inactive" || u.active == "failed" {
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
