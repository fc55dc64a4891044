//go:build linux

package collect

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

// A mountEntry is one line of mountinfo.
type mountEntry struct {
	id                          uint64
	root, point, fstype, source string
	options                     []string
}

// identity tells the mount from others, also over a reboot: what of which file
// system is mounted where.
func (m mountEntry) identity() string {
	return strings.Join([]string{m.point, m.root, m.fstype, m.source}, " ")
}

// listMounts reads the mounts of the machine's first process.
func (s *session) listMounts(ctx context.Context) ([]mountEntry, error) {
	return s.mounts.get(func() ([]mountEntry, error) {
		b, err := s.env.Proc.ReadFile(ctx, s.env.mountInfo(), 64<<20)
		if err != nil {
			return nil, fmt.Errorf("list mounts: %w", err)
		}
		return parseMountInfo(string(b)), nil
	})
}

// parseMountInfo reads lines like
// 36 35 98:0 /root /point rw,noatime master:1 - ext4 /dev/sda1 rw,errors=remount-ro
// A single space parts two fields, of which the source may be empty. The kernel
// escapes no other white space than these, so that whoever mounts something
// on "/data\u00a0x" must not have it pass for "/data".
func parseMountInfo(text string) []mountEntry {
	unescape := strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\043`, "#", `\134`, `\`)
	var all []mountEntry
	for line := range strings.Lines(text) {
		left, right, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " - ")
		l, r := strings.Split(left, " "), strings.Split(right, " ")
		if !ok || len(l) < 6 || len(r) < 2 {
			continue
		}
		id, err := strconv.ParseUint(l[0], 10, 64)
		if err != nil {
			continue
		}
		options := strings.Split(l[5], ",")
		if len(r) > 2 {
			options = append(options, strings.Split(r[2], ",")...)
		}
		all = append(all, mountEntry{
			id: id, root: unescape.Replace(l[3]), point: unescape.Replace(l[4]),
			fstype: unescape.Replace(r[0]), source: unescape.Replace(r[1]), options: distinct(options),
		})
	}
	return all
}

func mount(ctx context.Context, s *session, q facts.Query) (finding, error) {
	if !strings.HasPrefix(q.Subject, "/") {
		return finding{}, fmt.Errorf("mount %q: want an absolute path", q.Subject)
	}
	all, err := s.listMounts(ctx)
	if err != nil {
		return finding{}, err
	}
	point := facts.CanonicalSubject(facts.NounMount, q.Subject)
	// Of several on one point the last one covers the others.
	for _, m := range slices.Backward(all) {
		if m.point == point {
			return s.describeMount(m), nil
		}
	}
	return finding{attrs: map[string]any{"exists": false, "options": []string{}}}, nil
}

// mountIdentities is what Request.Mounts wants to know later.
func (s *session) mountIdentities(ctx context.Context) []string {
	all, err := s.listMounts(ctx)
	if err != nil {
		return nil // its error stands in the inventory
	}
	identities := make([]string, len(all))
	for i, m := range all {
		identities[i] = m.identity()
	}
	return identities
}

func (s *session) describeMount(m mountEntry) finding {
	attrs := map[string]any{"exists": true, "source": m.source, "filesystem": m.fstype, "options": m.options}
	raw := fmt.Sprintf("%s %s %s %s", m.source, m.point, m.fstype, strings.Join(m.options, ","))
	st, err := s.env.Root.Statfs(m.point)
	if err != nil {
		return finding{attrs: attrs, raw: raw + "\n" + err.Error()}
	}
	attrs["usage"], attrs["inodes"] = usage(st)
	raw += fmt.Sprintf("\nblocks %d, free %d, available %d, of %d bytes; inodes %d, free %d",
		st.Blocks, st.Bfree, st.Bavail, st.Bsize, st.Files, st.Ffree)
	return finding{attrs: attrs, raw: raw}
}

// usage is what df prints, with one decimal: the share in use of what users
// who are not root may have. A file system without a size uses nothing.
func usage(st unix.Statfs_t) (space, inodes float64) {
	used := st.Blocks - st.Bfree
	return percent(used, used+st.Bavail), percent(st.Files-st.Ffree, st.Files)
}

func percent(part, whole uint64) float64 {
	if whole == 0 {
		return 0
	}
	return math.Round(1000*float64(part)/float64(whole)) / 10
}
