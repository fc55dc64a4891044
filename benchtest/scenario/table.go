package scenario

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// An Entry is one scenario in the generated table.
type Entry struct {
	Key         string
	Group, Name string // the subtest Test_GROUP/NAME
	Dir         string // below the package's directory
	Tags        []string
	Digest      string // TableDigest when the table was written
}

// Entry is the scenario's line of the table.
func (s *Scenario) Entry() Entry {
	return Entry{Key: s.Key, Group: s.Group, Name: s.Name, Dir: s.Dir, Tags: s.Tags, Digest: s.TableDigest()}
}

// TableDigest is 16 hexadecimal digits over what the table and the planner rest
// on: key, subtest, directory, tags, hosts and expect. It does not change with
// the scenario's scripts or rules, so that editing those makes no table stale.
func (s *Scenario) TableDigest() string {
	// Marshalling texts and lists of texts cannot fail.
	b, _ := json.Marshal([]any{s.Key, s.Group, s.Name, s.Dir, s.Tags, s.Hosts, s.Expect})
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8])
}

// Diff says how table differs from the scenarios on disk, one line a scenario,
// sorted by key. None means that the table is current.
func Diff(table []Entry, loaded []*Scenario) []string {
	rest := map[string]Entry{}
	for _, e := range table {
		rest[e.Key] = e
	}
	lines := map[string]string{}
	for _, s := range loaded {
		e, ok := rest[s.Key]
		delete(rest, s.Key)
		switch {
		case !ok:
			lines[s.Key] = fmt.Sprintf("%s is not in the table", s.Key)
		case e.Digest != s.TableDigest() || e.Group != s.Group || e.Name != s.Name || e.Dir != s.Dir || !slices.Equal(e.Tags, s.Tags):
			lines[s.Key] = fmt.Sprintf("%s has changed", s.Key)
		}
	}
	for key := range rest {
		lines[key] = fmt.Sprintf("%s is in the table and not on disk", key)
	}
	out := make([]string, 0, len(lines))
	for _, key := range slices.Sorted(maps.Keys(lines)) {
		out = append(out, lines[key])
	}
	return out
}

// entries are the table's lines, sorted by group and name.
func entries(scenarios []*Scenario) []Entry {
	out := make([]Entry, len(scenarios))
	for i, s := range scenarios {
		out[i] = s.Entry()
	}
	slices.SortFunc(out, func(a, b Entry) int { return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Name, b.Name)) })
	return out
}
