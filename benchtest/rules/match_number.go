package rules

import (
	"cmp"
	"fmt"

	"gopkg.in/yaml.v3"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

// ordered lists what gt and its like fit. A string or text is compared as the
// number that it must be then, a time as a time.
func ordered() []facts.Type {
	return []facts.Type{facts.TypeInt, facts.TypeNumber, facts.TypeString, facts.TypeText, facts.TypeTime}
}

func numberDefs() []matcherDef {
	def := func(name, doc string, test func(order int) bool) matcherDef {
		return matcherDef{
			name: name, doc: doc, types: ordered(), schema: orderedSchema,
			parse: func(rd *reader, n *yaml.Node, s slot) matcher {
				want, ok := rd.orderedValue(n, s)
				if !ok {
					return nil
				}
				return orderMatcher{name: name, want: want, test: test}
			},
		}
	}
	return []matcherDef{
		def("gt", "greater", func(o int) bool { return o > 0 }),
		def("ge", "greater or equal", func(o int) bool { return o >= 0 }),
		def("lt", "less", func(o int) bool { return o < 0 }),
		def("le", "less or equal", func(o int) bool { return o <= 0 }),
		{
			name: "between", doc: "from the first to the second of two, both included", types: ordered(), parse: parseBetween,
			schema: func(t facts.Type) map[string]any {
				return map[string]any{"type": "array", "minItems": 2, "maxItems": 2, "items": orderedSchema(t)}
			},
		},
	}
}

// orderedValue reads a bound: a time for a time, else a number.
func (rd *reader) orderedValue(n *yaml.Node, s slot) (any, bool) {
	if s.typ == facts.TypeTime {
		return rd.scalar(n, s.name, facts.TypeTime)
	}
	return pair(rd.number(n, s.name, false))
}

// orderMatcher compares with a bound.
type orderMatcher struct {
	name string
	want any // float64, or string for a time
	test func(order int) bool
}

func (m orderMatcher) match(got any, _ scope) finding {
	o, ok := compareValues(got, m.want)
	if !ok {
		return fails("not a number")
	}
	return holdsIf(m.test(o))
}

func (m orderMatcher) String() string { return m.name + " " + show(m.want) }

// compareValues orders got against want, which is a float64 or a time's text.
func compareValues(got, want any) (int, bool) {
	if w, isText := want.(string); isText {
		g, ok := got.(string)
		return cmp.Compare(g, w), ok
	}
	g, ok := toNumber(got)
	w, wok := toNumber(want)
	return cmp.Compare(g, w), ok && wok
}

// betweenMatcher includes both ends.
type betweenMatcher struct{ low, high any }

func parseBetween(rd *reader, n *yaml.Node, s slot) matcher {
	if n.Kind != yaml.SequenceNode || len(n.Content) != 2 {
		rd.problem(n, "%s: want two values, [LOW, HIGH], got %s", s.name, describeNode(n))
		return nil
	}
	low, lok := rd.orderedValue(n.Content[0], s)
	high, hok := rd.orderedValue(n.Content[1], s)
	if !lok || !hok {
		return nil
	}
	if o, _ := compareValues(low, high); o > 0 {
		rd.problem(n, "%s: %s is greater than %s, so nothing is between them", s.name, show(low), show(high))
		return nil
	}
	return betweenMatcher{low: low, high: high}
}

func (m betweenMatcher) match(got any, _ scope) finding {
	low, ok := compareValues(got, m.low)
	if !ok {
		return fails("not a number")
	}
	high, _ := compareValues(got, m.high)
	return holdsIf(low >= 0 && high <= 0)
}

func (m betweenMatcher) String() string {
	return fmt.Sprintf("between %s and %s", show(m.low), show(m.high))
}
