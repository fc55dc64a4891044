package scenario

import (
	"cmp"
	"path"

	"gopkg.in/yaml.v3"
)

// Bounds of a file's tree, checked before anything is made of it.
const (
	maxDepth = 64
	maxNodes = 20_000 // with every alias written out
	maxMarks = 20_000 // line ends and commas
)

// parseTree makes one tree of data, from JSON or YAML by the file's name:
// without aliases, without duplicate keys, of bounded depth and size. It may
// report problems of a tree that is still worth looking at.
func parseTree(data []byte, r *report) (*yaml.Node, bool) {
	if i := crowded(data); i >= 0 {
		r.errorf(placeAt(data, i), "more than %d lines and commas", maxMarks)
		return nil, false
	}
	var root *yaml.Node
	var ok bool
	if path.Ext(r.file) == ".json" {
		root, ok = parseJSON(data, r)
	} else {
		root, ok = parseYAML(data, r)
	}
	if !ok {
		return nil, false
	}
	e := expander{r: r, open: map[*yaml.Node]bool{}}
	root = e.expand(root, 1)
	return root, root != nil
}

// crowded is the offset of the line end or comma that is one too many, or -1.
// There are not many more values than those, and each costs a parser a
// microsecond.
func crowded(data []byte) int {
	marks := 0
	for i, c := range data {
		if c == '\n' || c == ',' {
			if marks++; marks > maxMarks {
				return i
			}
		}
	}
	return -1
}

// An expander copies a tree, writing aliases out. It stops at the first bound
// that is passed, so a "billion laughs" costs no more than maxNodes.
type expander struct {
	r     *report
	nodes int
	open  map[*yaml.Node]bool // what is being expanded
	alias *yaml.Node          // the outermost alias that is
}

// expand returns nil when a bound is passed, after saying so.
func (e *expander) expand(n *yaml.Node, depth int) *yaml.Node {
	if n.Kind != yaml.AliasNode {
		e.nodes++
	}
	switch {
	case depth > maxDepth:
		e.r.errorf(at(cmp.Or(e.alias, n)), "nested more than %d deep", maxDepth)
		return nil
	case e.nodes > maxNodes:
		e.r.errorf(at(cmp.Or(e.alias, n)), "more than %d values, aliases written out", maxNodes)
		return nil
	case n.Kind == yaml.AliasNode && e.open[n.Alias]:
		e.r.errorf(at(n), "the alias *%s contains itself", n.Value)
		return nil
	case n.Kind == yaml.AliasNode && e.alias == nil:
		e.alias = n
		defer func() { e.alias = nil }()
		return e.expand(n.Alias, depth)
	case n.Kind == yaml.AliasNode:
		return e.expand(n.Alias, depth)
	}
	e.open[n] = true
	defer delete(e.open, n)
	c := *n
	c.Anchor, c.Content = "", nil
	for _, child := range n.Content {
		kid := e.expand(child, depth+1)
		if kid == nil {
			return nil
		}
		c.Content = append(c.Content, kid)
	}
	if n.Kind == yaml.MappingNode {
		c.Content = e.checkKeys(c.Content)
	}
	return &c
}

// checkKeys reports keys that are no plain words and keys that stand twice,
// and leaves them out, so that the rest can be checked too.
func (e *expander) checkKeys(pairs []*yaml.Node) []*yaml.Node {
	first := map[string]*yaml.Node{}
	var kept []*yaml.Node
	for i := 0; i+1 < len(pairs); i += 2 {
		k := pairs[i]
		switch {
		case k.Kind != yaml.ScalarNode:
			e.r.errorf(at(k), "a key must be a word")
		case k.ShortTag() == "!!merge":
			e.r.errorf(at(k), `"<<" is not supported here: write the fields out`)
		case first[k.Value] != nil:
			e.r.errorf(at(k), "duplicate key %q: it stands on line %d already", k.Value, first[k.Value].Line)
		default:
			first[k.Value] = k
			kept = append(kept, k, pairs[i+1])
		}
	}
	return kept
}

// at is the place of a node.
func at(n *yaml.Node) place { return place{max(n.Line, 1), max(n.Column, 1)} }
