//go:build linux

package collect

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

func process(ctx context.Context, s *session, q facts.Query) (finding, error) {
	all, err := s.listProcesses(ctx)
	if err != nil {
		return finding{}, err
	}
	var found []*proc
	for _, p := range all {
		if !p.dead() && (p.comm == q.Subject || p.name() == q.Subject) {
			found = append(found, p)
		}
	}
	names, err := s.readAccounts(ctx)
	if err != nil {
		return finding{}, err
	}
	return s.describeProcesses(ctx, found, names), nil
}

// describeProcesses is the fact about some processes, oldest first.
func (s *session) describeProcesses(ctx context.Context, found []*proc, names *accounts) finding {
	users, args := []string{}, []string{}
	var raw strings.Builder
	for _, p := range found {
		line := strings.Join(p.args, " ")
		users = append(users, names.userName(p.uid))
		args = append(args, line)
		fmt.Fprintf(&raw, "%d %s %s %s\n", p.pid, names.userName(p.uid), p.exe, line)
	}
	attrs := map[string]any{
		"running": len(found) > 0,
		"count":   len(found),
		"user":    distinct(users),
		"args":    distinct(args),
		"program": s.programs(ctx, found),
	}
	if len(found) > 0 {
		attrs["pid-stable"] = found[0].identity()
	}
	return finding{attrs: attrs, raw: raw.String()}
}

// distinct sorts a list and leaves each element once.
func distinct(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list)
}
