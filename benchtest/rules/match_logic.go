package rules

import (
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

func logicDefs() []matcherDef {
	all := []facts.Type{facts.TypeBool, facts.TypeInt, facts.TypeNumber, facts.TypeString, facts.TypeText, facts.TypeTime, facts.TypeList, facts.TypeMap}
	return []matcherDef{
		{name: "not", doc: "the matcher does not match", types: all, parse: parseNot, schema: matcherRef},
		{name: "and", doc: "every matcher of the list matches", types: all, parse: parseAnd, schema: matcherListSchema},
		{name: "or", doc: "at least one matcher of the list matches", types: all, parse: parseOr, schema: matcherListSchema},
	}
}

// The logic has three values: what cannot be answered stays so, unless the
// other matchers decide alone.

type notMatcher struct{ inner matcher }

func parseNot(rd *reader, n *yaml.Node, s slot) matcher {
	m := rd.matcher(n, s)
	if m == nil {
		return nil
	}
	return notMatcher{inner: m}
}

func (m notMatcher) match(got any, s scope) finding {
	f := m.inner.match(got, s)
	return finding{holds: !f.holds, err: f.err}
}

func (m notMatcher) String() string { return "not " + m.inner.String() }

type andMatcher []matcher

func parseAnd(rd *reader, n *yaml.Node, s slot) matcher {
	var all andMatcher
	for _, item := range rd.items(n, s) {
		all = append(all, rd.matcher(item, s))
	}
	return all
}

func (m andMatcher) match(got any, s scope) finding { return conjunction(m, got, s) }
func (m andMatcher) String() string                 { return joinMatchers(m, " and ") }
func (m andMatcher) decidesCut() bool               { return allOf(m, decidesCut) }
func (m andMatcher) trivial() bool                  { return allOf(m, trivial) }

type orMatcher []matcher

func parseOr(rd *reader, n *yaml.Node, s slot) matcher {
	var all orMatcher
	for _, item := range rd.items(n, s) {
		all = append(all, rd.matcher(item, s))
	}
	return all
}

func (m orMatcher) match(got any, s scope) finding {
	var err error
	for _, inner := range m {
		f := inner.match(got, s)
		if f.err == nil && f.holds {
			return f
		}
		if f.err != nil {
			err = f.err
		}
	}
	return finding{err: err}
}

func (m orMatcher) String() string   { return joinMatchers(m, " or ") }
func (m orMatcher) decidesCut() bool { return allOf(m, decidesCut) }
func (m orMatcher) trivial() bool    { return slices.ContainsFunc(m, trivial) }

// conjunction is the answer of matchers that must all match.
func conjunction(all []matcher, got any, s scope) finding {
	var err error
	for _, m := range all {
		f := m.match(got, s)
		switch {
		case f.err != nil:
			err = f.err
		case !f.holds:
			if f.why == "" && len(all) > 1 {
				f.why = "it is not so: " + m.String()
			}
			return f
		}
	}
	return finding{holds: err == nil, err: err}
}

func joinMatchers[M ~[]matcher](all M, sep string) string {
	words := make([]string, len(all))
	for i, m := range all {
		words[i] = m.String()
	}
	return clip(strings.Join(words, sep), 600)
}

func allOf[M ~[]matcher](all M, f func(matcher) bool) bool {
	return !slices.ContainsFunc(all, func(m matcher) bool { return !f(m) })
}

// decidesCut reports whether m, once it holds for the beginning of a text,
// holds for the whole. Only then may it be believed about a text that was cut.
func decidesCut(m matcher) bool {
	d, ok := m.(interface{ decidesCut() bool })
	return ok && d.decidesCut()
}

// trivial reports whether m holds for every value there is.
func trivial(m matcher) bool {
	t, ok := m.(interface{ trivial() bool })
	return ok && t.trivial()
}
