//go:build linux

package collect

import (
	"context"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

func user(ctx context.Context, s *session, q facts.Query) (finding, error) {
	names, err := s.readAccounts(ctx)
	if err != nil {
		return finding{}, err
	}
	u, ok := names.user(q.Subject)
	if !ok {
		return finding{attrs: map[string]any{"exists": false, "groups": []string{}}}, nil
	}
	return describeUser(names, u), nil
}

func describeUser(names *accounts, u account) finding {
	groups := []string{}
	for _, g := range names.groupsOf(u) {
		groups = append(groups, g.name)
	}
	return finding{attrs: map[string]any{
		"exists": true, "uid": u.uid, "gid": u.gid, "groups": distinct(groups), "home": u.home, "shell": u.shell,
	}}
}

func group(ctx context.Context, s *session, q facts.Query) (finding, error) {
	names, err := s.readAccounts(ctx)
	if err != nil {
		return finding{}, err
	}
	g, ok := names.group(q.Subject)
	if !ok {
		return finding{attrs: map[string]any{"exists": false}}, nil
	}
	return finding{attrs: map[string]any{"exists": true, "gid": g.gid}}, nil
}
