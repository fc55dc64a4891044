package rules

import (
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

// param reads a parameter of the noun, which stands beside the subject.
func (rd *reader) param(f field, noun facts.Noun, r *State) {
	if _, err := facts.FindNoun(f.name); err == nil {
		return // a second noun; said already
	}
	p, known := noun.Param(f.name)
	if !known {
		names := stateFields()
		for _, p := range noun.Params {
			names = append(names, p.Name)
		}
		if _, isAttr := noun.Attr(f.name); isAttr {
			rd.problem(f.key, "%s is an attribute of %s: it stands below expect:", f.name, noun.Name)
			return
		}
		rd.problem(f.key, "%s: %s", noun.Name, unknown("field", f.name, names))
		return
	}
	v, ok := rd.paramValue(f, p)
	if !ok {
		return
	}
	if r.Query.Params == nil {
		r.Query.Params = map[string]any{}
	}
	r.Query.Params[p.Name] = v
}

// paramValue returns what encoding/json would make of the value, so that the
// query keeps its ID when it is stored and read again.
func (rd *reader) paramValue(f field, p facts.Param) (any, bool) {
	if p.Type == facts.TypeMap {
		fs, ok := rd.fields(f.value, f.name)
		out := make(map[string]any, len(fs))
		for _, m := range fs {
			text, isText := rd.text(m.value, f.name+"."+m.name)
			ok = ok && isText
			out[m.name] = text
		}
		return out, ok
	}
	v, ok := rd.scalar(f.value, f.name, p.Type)
	if !ok {
		return nil, false
	}
	text, _ := v.(string)
	switch p.Name {
	case "timeout":
		_, ok = rd.duration(f.value, f.name)
	case "pattern":
		// The probe matches it, and the probe has RE2 alone.
		if _, err := regexp.Compile(text); err != nil {
			rd.problem(f.value, "%s: %v", f.name, err)
			return nil, false
		}
	case "since":
		ok = rd.since(f, text)
	}
	return v, ok
}

// since checks a moment: a checkpoint, a time, or unix seconds.
func (rd *reader) since(f field, text string) bool {
	if slices.Contains(checkpointNames(), text) {
		return true
	}
	if _, err := time.Parse(time.RFC3339, text); err == nil {
		return true
	}
	if _, err := strconv.ParseFloat(text, 64); err == nil {
		return true
	}
	rd.problem(f.value, "since: %s, or a time, or unix seconds", unknown("checkpoint", text, checkpointNames()))
	return false
}
