//go:build linux

package collect

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

// errForeignMount says that something was mounted over what is asked about.
var errForeignMount = errors.New("it lies on a mount that was not there before")

// A mountGuard knows which mounts may be looked through.
type mountGuard struct {
	trusted map[uint64]bool
	all     []mountEntry
	proc    *Root
	err     error // why nothing is known
}

// newMountGuard trusts the mounts that req names and those that it asks about,
// but for another root: everything lies on that. It is nil when req trusts all.
func (s *session) newMountGuard(ctx context.Context) *mountGuard {
	if len(s.req.Mounts) == 0 {
		return nil
	}
	g := &mountGuard{trusted: map[uint64]bool{}, proc: s.env.Proc}
	if g.all, g.err = s.listMounts(ctx); g.err != nil {
		return g
	}
	known := map[string]int{}
	for _, identity := range s.req.Mounts {
		known[identity]++
	}
	for _, m := range g.all {
		if known[m.identity()] > 0 {
			known[m.identity()]--
			g.trusted[m.id] = true
		}
	}
	for _, m := range g.all {
		g.trusted[m.id] = g.trusted[m.id] || slices.ContainsFunc(s.req.Queries, func(q facts.Query) bool {
			return q.Noun == facts.NounMount && m.point != "/" && facts.CanonicalSubject(q.Noun, q.Subject) == m.point
		})
	}
	return g
}

// check refuses the open file fd, which is at name, when it lies on a foreign mount.
func (g *mountGuard) check(fd int, name string) error {
	if g.err != nil {
		return g.err
	}
	id, err := g.mountOf(fd)
	if err != nil {
		return fmt.Errorf("find mount of %s: %w", name, err)
	}
	if g.trusted[id] {
		return nil
	}
	what := "mounted just now"
	for _, m := range g.all {
		if m.id == id {
			what = fmt.Sprintf("%s (%s) on %s", m.source, m.fstype, m.point)
		}
	}
	return fmt.Errorf("%s: %w: %s", name, errForeignMount, what)
}

// foreign lists the mount points that the guard does not trust.
func (g *mountGuard) foreign() []string {
	if g == nil {
		return nil
	}
	var points []string
	for _, m := range g.all {
		if !g.trusted[m.id] {
			points = append(points, m.point)
		}
	}
	return points
}

// mountOf is the ID of the mount that fd was opened through. Kernels before
// 5.8 tell it in procfs alone.
func (g *mountGuard) mountOf(fd int) (uint64, error) {
	var st unix.Statx_t
	if err := unix.Statx(fd, "", unix.AT_EMPTY_PATH, unix.STATX_MNT_ID, &st); err == nil && st.Mask&unix.STATX_MNT_ID != 0 {
		return st.Mnt_id, nil
	}
	b, err := g.proc.ReadFile(context.Background(), "self/fdinfo/"+strconv.Itoa(fd), 1<<16)
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(b)) {
		if number, ok := strings.CutPrefix(line, "mnt_id:"); ok {
			return strconv.ParseUint(strings.TrimSpace(number), 10, 64)
		}
	}
	return 0, errors.New("no mnt_id in fdinfo")
}
