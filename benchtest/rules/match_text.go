package rules

import (
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

func textDefs() []matcherDef {
	stringly := []facts.Type{facts.TypeString, facts.TypeText, facts.TypeTime}
	def := func(name, doc string, test func(got, want string) bool, growing bool) matcherDef {
		return matcherDef{
			name: name, doc: doc, types: stringly, schema: stringSchema,
			parse: func(rd *reader, n *yaml.Node, s slot) matcher {
				want, ok := rd.text(n, s.name)
				if !ok {
					return nil
				}
				return textMatcher{name: name, want: want, test: test, growing: growing}
			},
		}
	}
	return []matcherDef{
		def("have-prefix", "begins with a text", strings.HasPrefix, true),
		def("have-suffix", "ends with a text", func(got, want string) bool {
			return strings.HasSuffix(withoutNewline(got, want), want)
		}, false),
		def("contain-substring", "contains a text", strings.Contains, true),
		{name: "match-regexp", doc: "matches a regular expression (RE2)", types: stringly, schema: stringSchema, parse: parseRegexp},
	}
}

// textMatcher compares with one text.
type textMatcher struct {
	name, want string
	test       func(got, want string) bool
	growing    bool // once it holds, more text cannot change that
}

func (m textMatcher) match(got any, _ scope) finding {
	s, ok := got.(string)
	if !ok {
		return fails("not a text")
	}
	return holdsIf(m.test(s, m.want))
}

func (m textMatcher) String() string   { return m.name + " " + show(m.want) }
func (m textMatcher) decidesCut() bool { return m.growing }
func (m textMatcher) trivial() bool    { return m.want == "" }

// regexpMatcher matches anywhere in the whole text.
type regexpMatcher struct{ pattern Pattern }

func parseRegexp(rd *reader, n *yaml.Node, s slot) matcher {
	p, ok := rd.pattern(n, s.name, false)
	if !ok {
		return nil
	}
	return regexpMatcher{pattern: p}
}

// pattern reads and compiles an expression.
func (rd *reader) pattern(n *yaml.Node, what string, caseInsensitive bool) (Pattern, bool) {
	expr, ok := rd.text(n, what)
	if !ok {
		return Pattern{}, false
	}
	p, err := Compile(expr, caseInsensitive)
	if err != nil {
		rd.problem(n, "%s: %v", what, err)
		return Pattern{}, false
	}
	return p, true
}

func (m regexpMatcher) match(got any, s scope) finding {
	text, ok := got.(string)
	if !ok {
		return fails("not a text")
	}
	holds, err := s.watch.match(m.pattern, text)
	return finding{holds: holds, err: err}
}

func (m regexpMatcher) String() string   { return "match-regexp " + m.pattern.String() }
func (m regexpMatcher) decidesCut() bool { return true }
func (m regexpMatcher) trivial() bool    { return m.pattern.matchesAnything() }
