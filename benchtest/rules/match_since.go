package rules

import (
	"errors"
	"fmt"

	"gopkg.in/yaml.v3"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

// errCheckpoint marks a question about an earlier checkpoint that the evidence
// does not have. It is never the engine's doing.
var errCheckpoint = errors.New("checkpoint is not in the evidence")

// checkpointNames lists the checkpoints that a rule can look back to.
func checkpointNames() []string {
	return []string{string(facts.Healthy), string(facts.Faulted), string(facts.After)}
}

func sinceDefs() []matcherDef {
	all := []facts.Type{facts.TypeBool, facts.TypeInt, facts.TypeNumber, facts.TypeString, facts.TypeText, facts.TypeTime, facts.TypeList, facts.TypeMap}
	schema := func(facts.Type) map[string]any { return enumSchema(checkpointNames()) }
	def := func(name, doc string, types []facts.Type, test func(now, then any) finding) matcherDef {
		return matcherDef{
			name: name, doc: doc, types: types, schema: schema,
			parse: func(rd *reader, n *yaml.Node, s slot) matcher {
				c, ok := rd.checkpoint(n, s)
				if !ok {
					return nil
				}
				return sinceMatcher{name: name, since: c, test: test}
			},
		}
	}
	return []matcherDef{
		def("unchanged-since", "the same as at an earlier checkpoint", all, func(now, then any) finding {
			return sinceFinding(equalValues(now, then), then)
		}),
		def("changed-since", "not the same as at an earlier checkpoint", all, func(now, then any) finding {
			return sinceFinding(!equalValues(now, then), then)
		}),
		def("at-least", "not less than at an earlier checkpoint", ordered(), func(now, then any) finding {
			before, numeric := toNumber(then)
			if !numeric {
				// Times are texts that order like what they mean.
				n, nok := now.(string)
				t, tok := then.(string)
				return sinceFinding(nok && tok && n >= t, then)
			}
			o, ok := compareValues(now, before)
			return sinceFinding(ok && o >= 0, then)
		}),
	}
}

func sinceFinding(holds bool, then any) finding {
	if holds {
		return finding{holds: true}
	}
	return fails("it was %s", show(then))
}

func (rd *reader) checkpoint(n *yaml.Node, s slot) (facts.Checkpoint, bool) {
	name, ok := rd.text(n, s.name)
	if !ok {
		return "", false
	}
	for _, known := range checkpointNames() {
		if name == known {
			if s.element {
				rd.problem(n, "%s: one element has no earlier self; apply it to the whole attribute", s.name)
				return "", false
			}
			return facts.Checkpoint(name), true
		}
	}
	rd.problem(n, "%s: %s", s.name, unknown("checkpoint", name, checkpointNames()))
	return "", false
}

// sinceMatcher compares with the same attribute at an earlier checkpoint.
type sinceMatcher struct {
	name  string
	since facts.Checkpoint
	test  func(now, then any) finding
}

func (m sinceMatcher) match(got any, s scope) finding {
	then, err := s.at(m.since)
	if err != nil {
		return finding{err: fmt.Errorf("%s %s: %w", m.name, m.since, err)}
	}
	return m.test(got, then)
}

func (m sinceMatcher) String() string { return m.name + " " + string(m.since) }
