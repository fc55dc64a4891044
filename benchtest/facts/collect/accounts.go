//go:build linux

package collect

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// An account is one line of /etc/passwd.
type account struct {
	name     string
	uid, gid uint32
	home     string
	shell    string
}

// A groupEntry is one line of /etc/group.
type groupEntry struct {
	name    string
	gid     uint32
	members []string
}

// accounts are the users and groups that the machine's own files name.
type accounts struct {
	users  []account
	groups []groupEntry
}

const maxAccountFile = 16 << 20

// readAccounts reads /etc/passwd and /etc/group; a missing one is empty.
func (s *session) readAccounts(ctx context.Context) (*accounts, error) {
	return s.accounts.get(func() (*accounts, error) {
		passwd, err := s.env.Root.ReadFile(ctx, "/etc/passwd", maxAccountFile)
		if err != nil && !notThere(err) {
			return nil, fmt.Errorf("read users: %w", err)
		}
		groups, err := s.env.Root.ReadFile(ctx, "/etc/group", maxAccountFile)
		if err != nil && !notThere(err) {
			return nil, fmt.Errorf("read groups: %w", err)
		}
		return parseAccounts(string(passwd), string(groups)), nil
	})
}

// parseAccounts skips lines that are not well formed, as the C library does.
func parseAccounts(passwd, groups string) *accounts {
	a := &accounts{}
	for line := range strings.Lines(passwd) {
		f := strings.Split(strings.TrimRight(line, "\n"), ":")
		if len(f) != 7 || f[0] == "" {
			continue
		}
		uid, uerr := parseID(f[2])
		gid, gerr := parseID(f[3])
		if uerr == nil && gerr == nil {
			a.users = append(a.users, account{f[0], uid, gid, f[5], f[6]})
		}
	}
	for line := range strings.Lines(groups) {
		f := strings.Split(strings.TrimRight(line, "\n"), ":")
		if len(f) != 4 || f[0] == "" {
			continue
		}
		if gid, err := parseID(f[2]); err == nil {
			members := strings.FieldsFunc(f[3], func(r rune) bool { return r == ',' })
			a.groups = append(a.groups, groupEntry{f[0], gid, members})
		}
	}
	return a
}

func parseID(text string) (uint32, error) {
	n, err := strconv.ParseUint(text, 10, 32)
	return uint32(n), err
}

// user finds an account by name; the first line wins.
func (a *accounts) user(name string) (account, bool) {
	i := slices.IndexFunc(a.users, func(u account) bool { return u.name == name })
	if i < 0 {
		return account{}, false
	}
	return a.users[i], true
}

// group finds a group by name.
func (a *accounts) group(name string) (groupEntry, bool) {
	i := slices.IndexFunc(a.groups, func(g groupEntry) bool { return g.name == name })
	if i < 0 {
		return groupEntry{}, false
	}
	return a.groups[i], true
}

// groupsOf lists the groups that u is in, the primary one first.
func (a *accounts) groupsOf(u account) []groupEntry {
	var in []groupEntry
	for _, g := range a.groups {
		switch {
		case g.gid == u.gid:
			in = slices.Insert(in, 0, g)
		case slices.Contains(g.members, u.name):
			in = append(in, g)
		}
	}
	return in
}

// userName is the name of a user, or the number where it has none.
func (a *accounts) userName(uid uint32) string {
	i := slices.IndexFunc(a.users, func(u account) bool { return u.uid == uid })
	if i < 0 {
		return strconv.FormatUint(uint64(uid), 10)
	}
	return a.users[i].name
}

// groupName is the name of a group, or the number where it has none.
func (a *accounts) groupName(gid uint32) string {
	i := slices.IndexFunc(a.groups, func(g groupEntry) bool { return g.gid == gid })
	if i < 0 {
		return strconv.FormatUint(uint64(gid), 10)
	}
	return a.groups[i].name
}
