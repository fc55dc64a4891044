package rules

import (
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

// A matcher judges one value of an attribute. Matchers never see nil: what has
// no value matches nothing, whatever the matcher, so that deleting a file does
// not make "no line says error" true.
type matcher interface {
	// match judges got, a normal value.
	match(got any, s scope) finding
	// String is what was expected, for people.
	String() string
}

// A finding is a matcher's answer. With err the question could not be
// answered, and holds means nothing.
type finding struct {
	holds bool
	why   string // what is wrong, where expected and got do not say it all
	err   error
}

func holdsIf(ok bool) finding                  { return finding{holds: ok} }
func fails(format string, args ...any) finding { return finding{why: fmt.Sprintf(format, args...)} }

func unanswered(format string, args ...any) finding { return finding{err: fmt.Errorf(format, args...)} }

func (s scope) through(f func(any) (any, bool)) scope {
	return scope{at: throughAt(s.at, f), watch: s.watch}
}

// A scope is what a matcher may look at beside the value.
type scope struct {
	// at is the same value at an earlier checkpoint.
	at    func(facts.Checkpoint) (any, error)
	watch watch
}

// throughAt looks at an earlier value through the step that led to this one.
func throughAt(at func(facts.Checkpoint) (any, error), f func(any) (any, bool)) func(facts.Checkpoint) (any, error) {
	return func(c facts.Checkpoint) (any, error) {
		v, err := at(c)
		if err != nil {
			return nil, err
		}
		inner, ok := f(v)
		if !ok {
			return nil, nil
		}
		return inner, nil
	}
}

// A slot is the place that a matcher stands in: its name for messages, and the
// type of what it will see. The empty type is anything.
type slot struct {
	name string
	typ  facts.Type
	// lines marks a list of which single strings are line patterns.
	lines bool
	// element marks one element among many, which has no earlier self.
	element bool
}

func (s slot) of(t facts.Type) slot { return slot{name: s.name, typ: t, element: s.element} }
func (s slot) one() slot            { return slot{name: s.name, typ: elementType(s.typ), element: true} }

func elementType(t facts.Type) facts.Type {
	if t == facts.TypeList || t == facts.TypeText {
		return facts.TypeString
	}
	return ""
}

// A matcherDef is one word of the vocabulary: its name, what it fits, how it is
// read and how its argument looks to a JSON Schema.
type matcherDef struct {
	name, doc string
	types     []facts.Type // which it fits; the empty type is always fitted
	parse     func(rd *reader, n *yaml.Node, s slot) matcher
	schema    func(t facts.Type) map[string]any
}

func (d matcherDef) fits(t facts.Type) bool { return t == "" || slices.Contains(d.types, t) }

// matcherDefs is the table of matchers.
func matcherDefs() []matcherDef {
	return slices.Concat(equalDefs(), textDefs(), numberDefs(), listDefs(), sizeDefs(), logicDefs(), sinceDefs(), semverDefs(), gjsonDefs())
}

func matcherNames(t facts.Type) []string {
	var names []string
	for _, d := range matcherDefs() {
		if d.fits(t) {
			names = append(names, d.name)
		}
	}
	return names
}

func findMatcher(name string) (matcherDef, bool) {
	defs := matcherDefs()
	i := slices.IndexFunc(defs, func(d matcherDef) bool { return d.name == name })
	if i < 0 {
		return matcherDef{}, false
	}
	return defs[i], true
}

// matcher reads what is expected of a slot: a scalar (equal), a list (subset,
// or line patterns on a text) or a mapping of matchers, all of which must hold.
// It returns nil after a problem.
func (rd *reader) matcher(n *yaml.Node, s slot) matcher {
	switch n.Kind {
	case yaml.SequenceNode:
		return rd.defaultList(n, s)
	case yaml.MappingNode:
		return rd.matcherMap(n, s)
	}
	if n.ShortTag() == "!!null" {
		rd.problem(n, "%s: nothing is expected of it", s.name)
		return nil
	}
	if s.typ == facts.TypeList || s.typ == facts.TypeMap {
		rd.problem(n, "%s is a %s: want [%s], or a matcher such as %s", s.name, s.typ, n.Value, exampleMatcher(s.typ))
		return nil
	}
	return parseEqual(rd, n, s)
}

func exampleMatcher(t facts.Type) string {
	if t == facts.TypeMap {
		return "have-key"
	}
	return "contain-element"
}

func (rd *reader) defaultList(n *yaml.Node, s slot) matcher {
	if len(n.Content) == 0 {
		rd.problem(n, "%s: an empty list expects nothing; for an empty one write have-len: 0", s.name)
		return nil
	}
	switch {
	case s.typ == facts.TypeText || s.lines:
		return parseLines(rd, n, s)
	case s.typ == facts.TypeList || s.typ == "":
		return parseSubset(rd, n, s)
	}
	rd.problem(n, "%s is a %s: want one value; for one of several write or: [...]", s.name, s.typ)
	return nil
}

func (rd *reader) matcherMap(n *yaml.Node, s slot) matcher {
	fs, ok := rd.fields(n, s.name)
	if ok && len(fs) == 0 {
		rd.problem(n, "%s: an empty mapping expects nothing", s.name)
		return nil
	}
	var all []matcher
	for _, f := range fs {
		all = append(all, rd.namedMatcher(f, s))
	}
	if len(all) == 1 {
		return all[0]
	}
	return andMatcher(all)
}

func (rd *reader) namedMatcher(f field, s slot) matcher {
	d, known := findMatcher(f.name)
	switch {
	case !known && s.typ == facts.TypeMap:
		return parseMember(rd, f, s)
	case !known:
		rd.problem(f.key, "%s: %s", s.name, unknown("matcher", f.name, matcherNames(s.typ)))
		return nil
	case !d.fits(s.typ):
		rd.problem(f.key, "%s: %s does not fit a %s: want one of %s", s.name, f.name, s.typ, strings.Join(matcherNames(s.typ), ", "))
		return nil
	}
	return d.parse(rd, f.value, slot{name: s.name + "." + f.name, typ: s.typ, lines: s.lines, element: s.element})
}
