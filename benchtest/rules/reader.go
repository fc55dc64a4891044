package rules

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

// A reader walks the text of one rule and gathers every problem on its way,
// so that an author sees all of them at once.
type reader struct{ problems []Problem }

func (rd *reader) problem(n *yaml.Node, format string, args ...any) {
	rd.problems = append(rd.problems, Problem{Line: n.Line, Column: n.Column, Text: fmt.Sprintf(format, args...)})
}

// sorted returns the problems in the order of the file.
func (rd *reader) sorted() []Problem {
	slices.SortStableFunc(rd.problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return rd.problems
}

// A field is one key of a mapping with its value.
type field struct {
	name       string
	key, value *yaml.Node
}

// fields returns the keys of a mapping in order, refusing duplicates. What is
// no mapping is a problem that says what it should have been.
func (rd *reader) fields(n *yaml.Node, what string) ([]field, bool) {
	if n.Kind != yaml.MappingNode {
		rd.problem(n, "%s: want a mapping, got %s", what, describeNode(n))
		return nil, false
	}
	var fs []field
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		if k.Kind != yaml.ScalarNode {
			rd.problem(k, "%s: want a name as key, got %s", what, describeNode(k))
			continue
		}
		if line, dup := seen[k.Value]; dup {
			rd.problem(k, "%s: %q stands twice, first in line %d", what, k.Value, line)
			continue
		}
		seen[k.Value] = k.Line
		fs = append(fs, field{name: k.Value, key: k, value: v})
	}
	return fs, true
}

// text reads any scalar as it is written, so that mode: 0644 is "0644".
func (rd *reader) text(n *yaml.Node, what string) (string, bool) {
	if n.Kind != yaml.ScalarNode || n.ShortTag() == "!!null" {
		rd.problem(n, "%s: want a text, got %s", what, describeNode(n))
		return "", false
	}
	return n.Value, true
}

func (rd *reader) boolean(n *yaml.Node, what string) (val, ok bool) {
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!bool" {
		rd.problem(n, "%s: want true or false, got %s", what, describeNode(n))
		return false, false
	}
	return strings.EqualFold(n.Value, "true"), true
}

// number reads an int or a float; whole refuses fractions.
func (rd *reader) number(n *yaml.Node, what string, whole bool) (float64, bool) {
	want := "a number"
	if whole {
		want = "a whole number"
	}
	tag := ""
	if n.Kind == yaml.ScalarNode {
		tag = n.ShortTag()
	}
	var f float64
	if (tag == "!!int" || tag == "!!float" && !whole) && n.Decode(&f) == nil && !math.IsNaN(f) && !math.IsInf(f, 0) {
		return f, true
	}
	rd.problem(n, "%s: want %s, got %s", what, want, describeNode(n))
	return 0, false
}

// count reads a whole number that is not negative.
func (rd *reader) count(n *yaml.Node, what string) (int, bool) {
	f, ok := rd.number(n, what, true)
	if ok && (f < 0 || f > 1<<40) {
		rd.problem(n, "%s: want a number of at least 0, got %s", what, n.Value)
		return 0, false
	}
	return int(f), ok
}

// maxDuration bounds what a rule may wait for; no attempt lasts longer.
const maxDuration = 24 * time.Hour

func (rd *reader) duration(n *yaml.Node, what string) (time.Duration, bool) {
	if n.Kind == yaml.ScalarNode && n.ShortTag() != "!!null" {
		d, err := time.ParseDuration(n.Value)
		switch {
		case err == nil && d < 0:
			rd.problem(n, "%s: a duration is not negative, got %s", what, n.Value)
			return 0, false
		case err == nil && d > maxDuration:
			rd.problem(n, "%s: at most %s, got %s", what, maxDuration, n.Value)
			return 0, false
		case err == nil:
			return d, true
		}
		if _, err := strconv.ParseFloat(n.Value, 64); err == nil {
			rd.problem(n, "%s: %q has no unit: did you mean %ss?", what, n.Value, n.Value)
			return 0, false
		}
	}
	rd.problem(n, "%s: want a duration such as 20s or 1m30s, got %s", what, describeNode(n))
	return 0, false
}

// scalar reads a value as type t wants it; the empty type takes what YAML says.
func (rd *reader) scalar(n *yaml.Node, what string, t facts.Type) (any, bool) {
	if n.Kind != yaml.ScalarNode {
		rd.problem(n, "%s: want a single value, got %s", what, describeNode(n))
		return nil, false
	}
	switch t {
	case facts.TypeBool:
		return pair(rd.boolean(n, what))
	case facts.TypeInt, facts.TypeNumber:
		return pair(rd.number(n, what, t == facts.TypeInt))
	case facts.TypeTime:
		at, err := time.Parse(time.RFC3339Nano, n.Value)
		if err != nil {
			rd.problem(n, "%s: want a time such as 2026-01-02T03:04:05Z, got %s", what, describeNode(n))
			return nil, false
		}
		return at.UTC().Format(facts.TimeLayout), true
	case facts.TypeString, facts.TypeText, facts.TypeList:
		return pair(rd.text(n, what))
	}
	switch n.ShortTag() {
	case "!!bool":
		return pair(rd.boolean(n, what))
	case "!!int", "!!float":
		return pair(rd.number(n, what, false))
	}
	return pair(rd.text(n, what))
}

func pair[T any](v T, ok bool) (any, bool) { return v, ok }

// describeNode says what stands at n, for people.
func describeNode(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.ScalarNode:
		if n.ShortTag() == "!!null" {
			return "nothing"
		}
		return clip(strconv.Quote(n.Value), 80)
	}
	return "nothing"
}
