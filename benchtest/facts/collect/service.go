//go:build linux

package collect

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

func service(ctx context.Context, s *session, q facts.Query) (finding, error) {
	if q.Subject == "" || strings.Contains(q.Subject, "/") {
		return finding{}, fmt.Errorf("service %q: no unit name", q.Subject)
	}
	name := unitName(q.Subject)
	d, err := s.connectSystemd(ctx)
	if errors.Is(err, errNoSystemd) {
		return finding{}, err
	}
	if err != nil {
		return s.serviceFromOutside(ctx, name, err)
	}
	units, err := d.units(ctx, name)
	if err != nil {
		return finding{}, err
	}
	return s.describeUnit(ctx, units[0])
}

// describeUnit is the fact about u. What systemd says is checked against the
// processes that are really there.
func (s *session) describeUnit(ctx context.Context, u unit) (finding, error) {
	running := u.active == "active" || u.active == "reloading"
	raw := []string{fmt.Sprintf("LoadState=%s ActiveState=%s SubState=%s UnitFileState=%s MainPID=%d NRestarts=%d ControlGroup=%s ExecStart=%s",
		u.load, u.active, u.sub, u.files, u.mainPID, u.restarts, u.cgroup, u.program)}
	attrs := map[string]any{
		"enabled":  s.startsAtBoot(u.name, u.files),
		"masked":   u.masked(),
		"failed":   u.active == "failed",
		"restarts": u.restarts,
		"main-pid": u.mainPID,
		"since":    u.sinceTime(),
	}
	if u.witness != "" {
		attrs["witness"] = u.witness
	}
	if running && strings.HasSuffix(u.name, ".service") {
		main, doubts, err := s.examine(ctx, u)
		if err != nil {
			return finding{}, err
		}
		if program := s.program(ctx, main); program != "" {
			attrs["program"] = program
		}
		running = len(doubts) == 0
		raw = append(raw, doubts...)
	}
	attrs["running"] = running
	return finding{raw: strings.Join(raw, "\n"), attrs: attrs}, nil
}

// examine looks for what must be there of a service that systemd calls
// active: its main process, in its cgroup. One that has run and exited is
// active without; of one that says running and has no main process, the oldest
// in its cgroup stands for it. A doubt shows that the service does not run.
func (s *session) examine(ctx context.Context, u unit) (main *proc, doubts []string, err error) {
	all, err := s.listProcesses(ctx)
	if err != nil {
		return nil, nil, err
	}
	if u.mainPID == 0 && u.sub != "running" {
		return nil, nil, nil
	}
	// systemd puts an underscore before what would be a file of the cgroup's.
	if base := path.Base(u.cgroup); base != u.name && base != "_"+u.name {
		return nil, []string{fmt.Sprintf("%q is not the cgroup of %s", u.cgroup, u.name)}, nil
	}
	for _, p := range all {
		switch {
		case p.dead():
		case u.mainPID == 0 && s.inCgroup(ctx, p, u.cgroup):
			return p, nil, nil
		case u.mainPID == 0 || p.pid != int(u.mainPID):
		case !s.inCgroup(ctx, p, u.cgroup):
			return p, []string{fmt.Sprintf("process %d is not in cgroup %s", p.pid, u.cgroup)}, nil
		default:
			return p, nil, nil
		}
	}
	if u.mainPID == 0 {
		return nil, []string{"no process is in cgroup " + u.cgroup}, nil
	}
	return nil, []string{fmt.Sprintf("process %d is not there", u.mainPID)}, nil
}

// inCgroup reports whether p is in cgroup or below it. Seen from outside, a
// guest's cgroups have the container's own in front of them.
func (s *session) inCgroup(ctx context.Context, p *proc, cgroup string) bool {
	if cgroup == "" || cgroup == "/" {
		return false
	}
	b, err := s.env.Proc.ReadFile(ctx, p.dir+"/cgroup", 1<<16)
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(b)) {
		_, controllers, _ := strings.Cut(strings.TrimSpace(line), ":")
		names, at, _ := strings.Cut(controllers, ":")
		// systemd keeps its tree in the unified hierarchy or in its own.
		if names != "" && names != "name=systemd" {
			continue
		}
		if strings.HasSuffix(at, cgroup) || strings.Contains(at, cgroup+"/") {
			return true
		}
	}
	return false
}
