package isolate

import (
	"cmp"
	"slices"
	"strings"
)

// A kind is what stands at one path of the cell's file system. Where one path
// is asked for in several ways, the last one here counts.
type kind string

const (
	hidden  kind = "hidden"  // an empty directory
	shown   kind = "shown"   // what the driver has there, read-only
	linked  kind = "linked"  // a symbolic link
	copied  kind = "copied"  // a copy of the driver's file that everybody may read
	scratch kind = "scratch" // a directory of the cell's own
)

var ranks = []kind{hidden, shown, linked, copied, scratch}

// A place is one path that differs from the driver's.
type place struct {
	Path string
	Kind kind
	// Bare: it lies in a directory that is empty but for such places, and is
	// made there first.
	Bare bool `json:",omitzero"`
	// From is where a link leads, or which of the cell's own directories it is.
	From string `json:",omitzero"`
}

// within reports whether path is dir or lies below it.
func within(path, dir string) bool {
	return path == dir || dir == "/" || strings.HasPrefix(path, dir+"/")
}

// arrange sorts places so that each comes after those it lies in, and drops
// those that change nothing: a hidden one in an empty directory, a shown one
// or a link that is in sight anyway.
func arrange(places []place) []place {
	slices.SortFunc(places, func(a, b place) int {
		return cmp.Or(
			slices.Compare(strings.Split(a.Path, "/"), strings.Split(b.Path, "/")),
			cmp.Compare(slices.Index(ranks, b.Kind), slices.Index(ranks, a.Kind)),
		)
	})
	places = slices.CompactFunc(places, func(a, b place) bool { return a.Path == b.Path })
	var out, around []place // around: those that the next one lies in
	for _, p := range places {
		for len(around) > 0 && !within(p.Path, around[len(around)-1].Path) {
			around = around[:len(around)-1]
		}
		if n := len(around); n > 0 {
			p.Bare = around[n-1].Kind == hidden || around[n-1].Kind == scratch
		}
		if p.Bare == (p.Kind == hidden) && p.Kind != copied && p.Kind != scratch {
			continue
		}
		out, around = append(out, p), append(around, p)
	}
	return out
}
