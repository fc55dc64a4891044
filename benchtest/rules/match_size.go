package rules

import (
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

func sizeDefs() []matcherDef {
	return []matcherDef{
		{
			name: "have-len", doc: "how many elements, keys or characters: a number or a matcher", parse: parseLen,
			types:  []facts.Type{facts.TypeString, facts.TypeText, facts.TypeList, facts.TypeMap},
			schema: func(facts.Type) map[string]any { return matcherRef(facts.TypeInt) },
		},
		{
			name: "have-key", doc: "has a key", parse: parseKey,
			types: []facts.Type{facts.TypeMap}, schema: stringSchema,
		},
	}
}

// lenMatcher matches the length.
type lenMatcher struct{ want matcher }

func parseLen(rd *reader, n *yaml.Node, s slot) matcher {
	m := rd.matcher(n, s.of(facts.TypeInt))
	if m == nil {
		return nil
	}
	return lenMatcher{want: m}
}

func length(v any) (any, bool) {
	switch v := v.(type) {
	case string:
		return float64(utf8.RuneCountInString(v)), true
	case []any:
		return float64(len(v)), true
	case map[string]any:
		return float64(len(v)), true
	}
	return nil, false
}

func (m lenMatcher) match(got any, s scope) finding {
	n, ok := length(got)
	if !ok {
		return fails("it has no length")
	}
	f := m.want.match(n, s.through(length))
	if !f.holds && f.err == nil {
		f.why = "its length is " + show(n)
	}
	return f
}

func (m lenMatcher) String() string { return "have-len " + m.want.String() }
func (m lenMatcher) trivial() bool {
	o, ok := m.want.(orderMatcher)
	return ok && o.name == "ge" && equalValues(o.want, 0.0)
}

// keyMatcher wants a key of a mapping.
type keyMatcher string

func parseKey(rd *reader, n *yaml.Node, s slot) matcher {
	key, ok := rd.text(n, s.name)
	if !ok {
		return nil
	}
	return keyMatcher(key)
}

func (m keyMatcher) match(got any, _ scope) finding {
	mapping, ok := got.(map[string]any)
	if !ok {
		return fails("not a mapping")
	}
	_, has := mapping[string(m)]
	return holdsIf(has)
}

func (m keyMatcher) String() string { return "have-key " + show(string(m)) }

// memberMatcher matches one member of a mapping: certificate: {days-left: {gt: 10}}.
type memberMatcher struct {
	name string
	want matcher
}

func parseMember(rd *reader, f field, s slot) matcher {
	m := rd.matcher(f.value, slot{name: s.name + "." + f.name, element: s.element})
	if m == nil {
		return nil
	}
	return memberMatcher{name: f.name, want: m}
}

func (m memberMatcher) get(v any) (any, bool) {
	mapping, ok := v.(map[string]any)
	if !ok || mapping[m.name] == nil {
		return nil, false
	}
	return mapping[m.name], true
}

func (m memberMatcher) match(got any, s scope) finding {
	v, ok := m.get(got)
	if !ok {
		return fails("it has no %s", m.name)
	}
	return m.want.match(v, s.through(m.get))
}

func (m memberMatcher) String() string { return m.name + " " + m.want.String() }
