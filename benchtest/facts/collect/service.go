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
	if running && strings.HasSuffix(u.name, ".service") {
		doubts, err := s.doubtsAbout(ctx, u)
		if err != nil {
			return finding{}, err
		}
		for _, d := range doubts {
			raw = append(raw, d.text)
			running = running && !d.fatal
		}
	}
	return finding{raw: strings.Join(raw, "\n"), attrs: map[string]any{
		"running":  running,
		"enabled":  u.enabled(),
		"masked":   u.masked(),
		"failed":   u.active == "failed",
		"restarts": u.restarts,
		"main-pid": u.mainPID,
		"since":    u.sinceTime(),
	}}, nil
}

// A doubt is something that does not fit what systemd says. A fatal one shows
// that the service does not run.
type doubt struct {
	text  string
	fatal bool
}

// doubtsAbout checks a service that systemd calls active: its main process is
// there, in its cgroup, and runs its program.
func (s *session) doubtsAbout(ctx context.Context, u unit) ([]doubt, error) {
	if u.mainPID == 0 {
		return s.doubtsWithoutMain(ctx, u)
	}
	main, err := s.findProcess(ctx, int(u.mainPID))
	if err != nil {
		return nil, err
	}
	if main == nil || main.dead() {
		return []doubt{{fmt.Sprintf("process %d is not there", u.mainPID), true}}, nil
	}
	var doubts []doubt
	if !s.inCgroup(ctx, main, u.cgroup) {
		doubts = append(doubts, doubt{fmt.Sprintf("process %d is not in cgroup %s", main.pid, u.cgroup), true})
	}
	// A script's executable is its interpreter, so this alone proves nothing.
	if u.program != "" && main.exe != "" && path.Base(u.program) != path.Base(main.exe) {
		doubts = append(doubts, doubt{fmt.Sprintf("process %d runs %s, not %s", main.pid, main.exe, u.program), false})
	}
	return doubts, nil
}

// doubtsWithoutMain checks a service without a main process: one that has run
// and exited is active all the same, one that says running has a process.
func (s *session) doubtsWithoutMain(ctx context.Context, u unit) ([]doubt, error) {
	if u.sub != "running" {
		return nil, nil
	}
	all, err := s.listProcesses(ctx)
	if err != nil {
		return nil, err
	}
	for _, p := range all {
		if !p.dead() && s.inCgroup(ctx, p, u.cgroup) {
			return nil, nil
		}
	}
	return []doubt{{"no process is in cgroup " + u.cgroup, true}}, nil
}

func (s *session) findProcess(ctx context.Context, pid int) (*proc, error) {
	all, err := s.listProcesses(ctx)
	if err != nil {
		return nil, err
	}
	for _, p := range all {
		if p.pid == pid {
			return p, nil
		}
	}
	return nil, nil
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
