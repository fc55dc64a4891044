package rules

import (
	"encoding/json"
	"slices"

	"github.com/tidwall/gjson"
	"gopkg.in/yaml.v3"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

func gjsonDefs() []matcherDef {
	return []matcherDef{{
		name: "gjson", doc: "the JSON has, at each path, what its matcher says",
		types: []facts.Type{facts.TypeString, facts.TypeText, facts.TypeMap}, parse: parseGJSON,
		schema: func(facts.Type) map[string]any {
			return map[string]any{"type": "object", "minProperties": 1, "additionalProperties": matcherRef("")}
		},
	}}
}

// gjsonMatcher applies a matcher to what a gjson path finds. A path that finds
// nothing, or null, matches nothing.
type gjsonMatcher struct {
	path string
	want matcher
}

func parseGJSON(rd *reader, n *yaml.Node, s slot) matcher {
	fs, ok := rd.fields(n, s.name)
	if !ok {
		return nil
	}
	if len(fs) == 0 {
		rd.problem(n, "%s: want {PATH: MATCHER}, got nothing", s.name)
		return nil
	}
	var all andMatcher
	for _, f := range fs {
		m := rd.matcher(f.value, slot{name: s.name + "." + f.name, element: s.element})
		if m != nil {
			all = append(all, gjsonMatcher{path: f.name, want: m})
		}
	}
	if len(all) == 1 {
		return all[0]
	}
	return slices.Clip(all)
}

func (m gjsonMatcher) get(v any) (any, bool) {
	text, ok := v.(string)
	if !ok {
		b, err := json.Marshal(v)
		if err != nil {
			return nil, false
		}
		text = string(b)
	}
	if !gjson.Valid(text) {
		return nil, false
	}
	found := gjson.Get(text, m.path).Value()
	return normal(found), found != nil
}

func (m gjsonMatcher) match(got any, s scope) finding {
	v, ok := m.get(got)
	if !ok {
		if text, isText := got.(string); isText && !gjson.Valid(text) {
			return fails("not JSON")
		}
		return fails("nothing at %s", m.path)
	}
	f := m.want.match(v, s.through(m.get))
	if !f.holds && f.err == nil && f.why == "" {
		f.why = m.path + " is " + show(v)
	}
	return f
}

func (m gjsonMatcher) String() string { return "gjson " + m.path + " " + m.want.String() }
