package rules

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// Bounds of one rule's text once its aliases are resolved.
const (
	maxDepth = 32
	maxNodes = 10_000
)

// plain copies a rule's nodes with aliases resolved and without comments. It
// refuses what a rule never needs (merge keys, own tags) and what is too deep
// or too large, so that nobody after it has to guard against a YAML bomb or an
// alias to itself. It returns nil when there is nothing to go on with.
func (rd *reader) plain(n *yaml.Node) *yaml.Node {
	if n == nil {
		rd.problem(&yaml.Node{}, "empty rule")
		return nil
	}
	left := maxNodes
	copied := rd.copyNode(n, maxDepth, &left)
	switch {
	case left < 0:
		rd.problem(n, "rule is too large or too deep: at most %d values, %d levels", maxNodes, maxDepth)
		return nil
	case len(rd.problems) > 0:
		return nil // what follows from a part that is missing is noise
	}
	return copied
}

// copyNode sets *left below zero when a bound is broken.
func (rd *reader) copyNode(n *yaml.Node, depth int, left *int) *yaml.Node {
	if *left--; depth == 0 {
		*left = -1
	}
	if *left < 0 {
		return nil
	}
	switch n.Kind {
	case yaml.AliasNode:
		if n.Alias == nil {
			rd.problem(n, "*%s leads nowhere", n.Value)
			return nil
		}
		return rd.copyNode(n.Alias, depth-1, left)
	case yaml.DocumentNode:
		if len(n.Content) == 0 {
			rd.problem(n, "empty rule")
			return nil
		}
		return rd.copyNode(n.Content[0], depth-1, left)
	}
	c := &yaml.Node{Kind: n.Kind, Tag: n.ShortTag(), Value: n.Value, Line: n.Line, Column: n.Column}
	if !slices.Contains([]string{"!!map", "!!seq", "!!str", "!!int", "!!float", "!!bool", "!!null", "!!timestamp"}, c.Tag) {
		if c.Tag == "!!merge" {
			rd.problem(n, "merge keys (<<) are not supported in a rule")
		} else {
			rd.problem(n, "%s is a YAML tag here: write it in quotes, %q", n.Tag, strings.TrimSpace(n.Tag+" "+n.Value))
		}
		return nil
	}
	if c.Tag == "!!timestamp" {
		c.Tag = "!!str"
	}
	for _, child := range n.Content {
		cc := rd.copyNode(child, depth-1, left)
		if cc == nil {
			if *left < 0 {
				return nil
			}
			continue
		}
		c.Content = append(c.Content, cc)
	}
	return c
}

// source is the rule as YAML with sorted keys: equal rules have equal sources.
func source(n *yaml.Node) string {
	b, err := yaml.Marshal(sortKeys(n))
	if err != nil {
		return "" // unreachable: plain nodes always marshal
	}
	return string(b)
}

func sortKeys(n *yaml.Node) *yaml.Node {
	c := &yaml.Node{Kind: n.Kind, Tag: n.Tag, Value: n.Value}
	for _, child := range n.Content {
		c.Content = append(c.Content, sortKeys(child))
	}
	if c.Kind != yaml.MappingNode {
		return c
	}
	fs := slices.Collect(slices.Chunk(c.Content, 2))
	slices.SortStableFunc(fs, func(a, b []*yaml.Node) int { return strings.Compare(a[0].Value, b[0].Value) })
	c.Content = slices.Concat(fs...)
	return c
}

// Digest pins a set of rules: rules that read the same have the same digest,
// whatever the order of their keys or their comments.
func Digest(states []State, comps []Compliance) string {
	h := sha256.New()
	for _, r := range states {
		_, _ = fmt.Fprintf(h, "%s %d\n%s", ScopeState, len(r.Source), r.Source) // a hash takes everything
	}
	for _, c := range comps {
		_, _ = fmt.Fprintf(h, "%s %d\n%s", c.Scope, len(c.Source), c.Source)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// StateFromSource reads a State back from its Source, for re-scoring.
func StateFromSource(src string) (State, error) {
	var n yaml.Node
	if err := yaml.Unmarshal([]byte(src), &n); err != nil {
		return State{}, fmt.Errorf("read rule: %w", err)
	}
	r, problems := ParseState(&n)
	return r, firstProblem(problems)
}

// ComplianceFromSource reads a Compliance back from its Source.
func ComplianceFromSource(scope Scope, src string) (Compliance, error) {
	var n yaml.Node
	if err := yaml.Unmarshal([]byte(src), &n); err != nil {
		return Compliance{}, fmt.Errorf("read rule: %w", err)
	}
	c, problems := ParseCompliance(scope, &n)
	return c, firstProblem(problems)
}

func firstProblem(ps []Problem) error {
	if len(ps) == 0 {
		return nil
	}
	return fmt.Errorf("read rule: line %d: %s", ps[0].Line, ps[0].Text)
}
