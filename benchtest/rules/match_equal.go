package rules

import (
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

func equalDefs() []matcherDef {
	return []matcherDef{{
		name: "equal", doc: "the same value; the default for a single value",
		types:  []facts.Type{facts.TypeBool, facts.TypeInt, facts.TypeNumber, facts.TypeString, facts.TypeText, facts.TypeTime, facts.TypeList, facts.TypeMap},
		parse:  parseEqual,
		schema: valueSchema,
	}}
}

// equalMatcher wants one value, a list in its order, or a mapping.
type equalMatcher struct {
	want any
	text bool
}

func parseEqual(rd *reader, n *yaml.Node, s slot) matcher {
	v, ok := rd.value(n, s, maxDepth)
	if !ok {
		return nil
	}
	return equalMatcher{want: v, text: s.typ == facts.TypeText}
}

// value reads a whole value, nested as it may be.
func (rd *reader) value(n *yaml.Node, s slot, depth int) (any, bool) {
	scalarType := s.typ
	switch {
	case depth == 0:
		rd.problem(n, "%s: too deep", s.name)
		return nil, false
	case n.Kind == yaml.SequenceNode && (s.typ == facts.TypeList || s.typ == ""):
		out := make([]any, 0, len(n.Content))
		for _, c := range n.Content {
			v, ok := rd.value(c, slot{name: s.name, typ: elementType(s.typ)}, depth-1)
			if !ok {
				return nil, false
			}
			out = append(out, v)
		}
		return out, true
	case n.Kind == yaml.MappingNode && (s.typ == facts.TypeMap || s.typ == ""):
		fs, ok := rd.fields(n, s.name)
		if !ok {
			return nil, false
		}
		out := make(map[string]any, len(fs))
		for _, f := range fs {
			if out[f.name], ok = rd.value(f.value, slot{name: s.name}, depth-1); !ok {
				return nil, false
			}
		}
		return out, true
	case s.typ == facts.TypeList || s.typ == facts.TypeMap:
		rd.problem(n, "%s: want a %s, got %s", s.name, s.typ, describeNode(n))
		return nil, false
	}
	return rd.scalar(n, s.name, scalarType)
}

func (m equalMatcher) match(got any, _ scope) finding {
	want, isText := m.want.(string)
	if s, ok := got.(string); m.text && isText && ok {
		return holdsIf(withoutNewline(s, want) == want)
	}
	return holdsIf(equalValues(got, m.want))
}

// withoutNewline drops the newline that ends nearly every text, unless the one
// that is wanted has it too: nobody means it when he writes stdout: active.
func withoutNewline(got, want string) string {
	if strings.HasSuffix(want, "\n") {
		return got
	}
	return strings.TrimSuffix(strings.TrimSuffix(got, "\n"), "\r")
}

func (m equalMatcher) String() string { return show(m.want) }
