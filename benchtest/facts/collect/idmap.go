//go:build linux

package collect

import (
	"context"
	"fmt"
	"strings"
)

// An IDMap is a uid_map or gid_map: how a user namespace numbers its users.
// The zero value is the identity.
type IDMap []idRange

type idRange struct{ inside, outside, count uint32 }

// overflowID is what the kernel shows for a user that the namespace has no
// number for.
const overflowID = 65534

// Inside is the guest's number for our number.
func (m IDMap) Inside(outside uint32) uint32 {
	if m == nil {
		return outside
	}
	for _, r := range m {
		if outside >= r.outside && outside-r.outside < r.count {
			return r.inside + (outside - r.outside)
		}
	}
	return overflowID
}

// Outside is our number for the guest's number.
func (m IDMap) Outside(inside uint32) (uint32, bool) {
	if m == nil {
		return inside, true
	}
	for _, r := range m {
		if inside >= r.inside && inside-r.inside < r.count {
			return r.outside + (inside - r.inside), true
		}
	}
	return 0, false
}

func readIDMap(proc *Root, pid int, name string) (IDMap, error) {
	b, err := proc.ReadFile(context.Background(), fmt.Sprintf("%d/%s", pid, name), 1<<16)
	if err != nil {
		return nil, err
	}
	return parseIDMap(string(b))
}

func parseIDMap(text string) (IDMap, error) {
	m := IDMap{}
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) != 3 {
			return nil, fmt.Errorf("parse id map %q: want 3 numbers", line)
		}
		var n [3]uint32
		for i, field := range fields {
			var err error
			if n[i], err = parseID(field); err != nil {
				return nil, fmt.Errorf("parse id map %q: %w", line, err)
			}
		}
		r := idRange{n[0], n[1], n[2]}
		if uint64(max(r.inside, r.outside))+uint64(r.count) > 1<<32 {
			return nil, fmt.Errorf("parse id map %q: it goes beyond 32 bits", line)
		}
		m = append(m, r)
	}
	return m, nil
}
