//go:build linux

package collect

import (
	"context"
	"fmt"
	"strings"
)

// serviceFromOutside is what can be said of a unit whose systemd does not
// answer: what starts at boot stands in the file system, and what runs has a
// process in the unit's cgroup. The rest stays null.
func (s *session) serviceFromOutside(ctx context.Context, name string, why error) (finding, error) {
	all, err := s.listProcesses(ctx)
	if err != nil {
		return finding{}, err
	}
	running := false
	for _, p := range all {
		running = running || !p.dead() && s.inCgroup(ctx, p, "/system.slice/"+name)
	}
	return finding{
		attrs: map[string]any{"running": running, "enabled": s.wanted(name), "masked": s.maskedByFile(name)},
		raw:   fmt.Sprintf("systemd did not answer, so this is what processes and files show: %v", why),
	}, nil
}

// wanted reports whether some target pulls the unit in.
func (s *session) wanted(name string) bool {
	const dir = "/etc/systemd/system"
	entries, err := s.env.Root.ReadDir(dir)
	if err != nil {
		return false
	}
	for _, entry := range entries {
		if !strings.HasSuffix(entry, ".wants") && !strings.HasSuffix(entry, ".requires") {
			continue
		}
		if _, err := s.env.Root.Lstat(dir + "/" + entry + "/" + name); err == nil {
			return true
		}
	}
	return false
}

// maskedByFile reports whether the unit's file is a link to /dev/null.
func (s *session) maskedByFile(name string) bool {
	for _, dir := range []string{"/etc/systemd/system/", "/run/systemd/system/"} {
		if target, err := s.env.Root.Readlink(dir + name); err == nil && target == "/dev/null" {
			return true
		}
	}
	return false
}
