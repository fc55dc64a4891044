//go:build linux

package collect

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// program is the executable of p as one can compare it with another time's: its
// path, with a note when it is not the file that is at that path, when another
// process traces it, or when it runs code that was brought to it since healthy.
// A process may live in a mount namespace of its own in which the path means something
// else, or its file may have been put back after it started. Empty for a
// process that has none or whose executable we may not see.
func (s *session) program(ctx context.Context, p *proc) string {
	if p == nil || p.exe == "" {
		return ""
	}
	var runs unix.Stat_t
	if err := unix.Fstatat(s.env.Proc.fd, p.dir+"/exe", &runs, 0); err != nil {
		return p.exe // it ended
	}
	there, err := s.env.Root.Stat(p.exe)
	switch {
	case errors.Is(err, errForeignMount):
		return p.exe + " (mounted over)"
	case err != nil:
		return p.exe + " (deleted)"
	case runs.Dev != there.Dev || runs.Ino != there.Ino:
		return p.exe + " (another file)"
	case p.traced:
		return p.exe + " (traced)"
	}
	// What cannot be looked at adds nothing.
	brought, _ := p.code.get(func() ([]string, error) { return s.newCode(ctx, p, runs), ctx.Err() })
	if len(brought) > 0 {
		return p.exe + " with " + strings.Join(brought, ", ")
	}
	return p.exe
}

// programs are the executables of several processes, each once.
func (s *session) programs(ctx context.Context, some []*proc) []string {
	list := []string{}
	for _, p := range some {
		if program := s.program(ctx, p); program != "" {
			list = append(list, program)
		}
	}
	return distinct(list)
}

// holdersOf lists the processes that have a socket open now, oldest first.
func (s *session) holdersOf(ctx context.Context, inode uint64) ([]*proc, error) {
	all, err := s.listProcesses(ctx)
	if err != nil {
		return nil, err
	}
	want := "socket:[" + strconv.FormatUint(inode, 10) + "]"
	var found []*proc
	for _, p := range all {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if s.hasOpen(p, want) {
			found = append(found, p)
		}
	}
	return found, nil
}

// hasOpen reports whether p has a descriptor of which /proc says link.
func (s *session) hasOpen(p *proc, link string) bool {
	fds, err := s.env.Proc.ReadDir(p.dir + "/fd")
	if err != nil {
		return false // it ended, or it is not ours to look at
	}
	for _, fd := range fds {
		if to, err := s.env.Proc.Readlink(p.dir + "/fd/" + fd); err == nil && to == link {
			return true
		}
	}
	return false
}
