//go:build linux

package collect

import (
	"context"
	"fmt"
)

// serviceFromOutside is what can be said of a unit whose systemd does not
// answer, or not for itself: what starts at boot stands in the file system, and
// what runs has a process in the unit's cgroup. The rest stays null, and so
// does the witness: a process can be put into any cgroup.
func (s *session) serviceFromOutside(ctx context.Context, name string, why error) (finding, error) {
	all, err := s.listProcesses(ctx)
	if err != nil {
		return finding{}, err
	}
	wanted, err := s.wantedUnits()
	if err != nil {
		return finding{}, err
	}
	var first *proc
	for _, p := range all {
		if first == nil && !p.dead() && s.inCgroup(ctx, p, "/system.slice/"+name) {
			first = p
		}
	}
	attrs := map[string]any{"running": first != nil, "enabled": wanted[name], "masked": s.maskedByFile(name)}
	if program := s.program(ctx, first); program != "" {
		attrs["program"] = program
	}
	return finding{attrs: attrs, raw: fmt.Sprintf("systemd did not answer, so this is what processes and files show: %v", why)}, nil
}
