package rules

import (
	"slices"

	"gopkg.in/yaml.v3"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

func listDefs() []matcherDef {
	listy := []facts.Type{facts.TypeList, facts.TypeText}
	return []matcherDef{
		{name: "subset", doc: "has every element of the list; the default for a list", types: listy, parse: parseSubset, schema: elementsSchema},
		{name: "contain-element", doc: "has an element; of a text, a line", types: listy, parse: parseElement, schema: elementSchema},
		{name: "contain-elements", doc: "has every element of the list", types: listy, parse: parseSubset, schema: elementsSchema},
		{name: "consist-of", doc: "has these elements and no others, in any order", types: listy, parse: parseConsist, schema: elementsSchema},
	}
}

// elementMatcher wants one element that matches.
type elementMatcher struct{ want matcher }

func parseElement(rd *reader, n *yaml.Node, s slot) matcher {
	m := rd.matcher(n, s.one())
	if m == nil {
		return nil
	}
	return elementMatcher{want: m}
}

func (m elementMatcher) match(got any, s scope) finding {
	elements, ok := toElements(got)
	if !ok {
		return fails("not a list")
	}
	var err error
	for _, e := range elements {
		f := matchElement(m.want, e, s)
		if f.err == nil && f.holds {
			return f
		}
		if f.err != nil {
			err = f.err
		}
	}
	return finding{err: err, why: "it has no " + m.want.String()}
}

func matchElement(m matcher, e any, s scope) finding {
	if e == nil {
		return fails("nothing")
	}
	return m.match(e, s)
}

func (m elementMatcher) String() string   { return "has " + m.want.String() }
func (m elementMatcher) decidesCut() bool { return true }

// subsetMatcher wants an element for every item.
type subsetMatcher []matcher

func parseSubset(rd *reader, n *yaml.Node, s slot) matcher {
	var all subsetMatcher
	for _, item := range rd.items(n, s) {
		all = append(all, parseElement(rd, item, s))
	}
	if len(all) == 0 {
		return nil
	}
	return all
}

// items returns the items of a list that must not be empty.
func (rd *reader) items(n *yaml.Node, s slot) []*yaml.Node {
	if n.Kind != yaml.SequenceNode || len(n.Content) == 0 {
		rd.problem(n, "%s: want a list with at least one item, got %s", s.name, describeNode(n))
		return nil
	}
	return n.Content
}

func (m subsetMatcher) match(got any, s scope) finding { return conjunction(m, got, s) }
func (m subsetMatcher) String() string                 { return joinMatchers(m, ", ") }
func (m subsetMatcher) decidesCut() bool               { return true }

// consistMatcher wants as many elements as items, each item met by one of its own.
type consistMatcher []matcher

func parseConsist(rd *reader, n *yaml.Node, s slot) matcher {
	var all consistMatcher
	for _, item := range rd.items(n, s) {
		all = append(all, rd.matcher(item, s.one()))
	}
	if len(all) == 0 {
		return nil
	}
	return all
}

func (m consistMatcher) match(got any, s scope) finding {
	elements, ok := toElements(got)
	if !ok {
		return fails("not a list")
	}
	if len(elements) != len(m) {
		return fails("it has %d elements, not %d", len(elements), len(m))
	}
	// meets[i] lists the elements that item i could stand for.
	meets := make([][]int, len(m))
	for i, want := range m {
		for j, e := range elements {
			f := matchElement(want, e, s)
			if f.err != nil {
				return f
			}
			if f.holds {
				meets[i] = append(meets[i], j)
			}
		}
	}
	if i := unmatched(meets, len(elements)); i >= 0 {
		return fails("nothing is left for %s", m[i])
	}
	return finding{holds: true}
}

// unmatched gives every item an element of its own and returns the first item
// for which that is impossible, or -1. Items can be matchers that overlap, so
// that a later item may have to move an earlier one (augmenting paths).
func unmatched(meets [][]int, elements int) int {
	owner := slices.Repeat([]int{-1}, elements)
	var place func(item int, seen []bool) bool
	place = func(item int, seen []bool) bool {
		for _, j := range meets[item] {
			if seen[j] {
				continue
			}
			seen[j] = true
			if owner[j] < 0 || place(owner[j], seen) {
				owner[j] = item
				return true
			}
		}
		return false
	}
	for i := range meets {
		if !place(i, make([]bool, elements)) {
			return i
		}
	}
	return -1
}

func (m consistMatcher) String() string { return "exactly " + joinMatchers(m, ", ") }
