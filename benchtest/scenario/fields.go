package scenario

import (
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// An object is a mapping whose keys were checked. Its methods answer the zero
// value for an absent field and, after a report, for one of a wrong type.
type object struct {
	r      *report
	node   *yaml.Node
	fields map[string]*yaml.Node
}

// newObject checks that n is a mapping of known fields. what is its name in
// messages, for instance "a host".
func newObject(r *report, n *yaml.Node, what string, known ...string) object {
	o := object{r: r, node: n, fields: map[string]*yaml.Node{}}
	if n.Kind != yaml.MappingNode {
		r.errorf(at(n), "%s must be a mapping of fields, not %s", what, kindOf(n))
		return o
	}
	for i := 0; i < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		if !slices.Contains(known, k.Value) {
			r.errorf(at(k), "%s has no field %q%s", what, k.Value, didYouMean(k.Value, known))
			continue
		}
		o.fields[k.Value] = v
	}
	return o
}

func (o object) has(name string) bool { return o.fields[name] != nil }

// place is that of a field's value, or of the object where it is absent.
func (o object) place(name string) place {
	if n := o.fields[name]; n != nil {
		return at(n)
	}
	return at(o.node)
}

func (o object) str(name string) string {
	if n := o.fields[name]; n != nil {
		return text(o.r, n, name)
	}
	return ""
}

// required is str, and a report where it is absent or blank.
func (o object) required(name, why string) string {
	s := o.str(name)
	switch {
	case !o.has(name):
		o.r.errorf(place{1, 1}, "no %s: %s", name, why)
	case strings.TrimSpace(s) == "" && isText(o.fields[name]):
		o.r.errorf(o.place(name), "%s is empty: %s", name, why)
	}
	return s
}

// choice is str for a field with few values, the first of which is the default.
func (o object) choice(name string, values ...string) string {
	n := o.fields[name]
	if n == nil {
		return values[0]
	}
	s := text(o.r, n, name)
	if !slices.Contains(values, s) {
		if isText(n) {
			o.r.errorf(at(n), "%s cannot be %q%s", name, s, didYouMean(s, values))
		}
		return values[0]
	}
	return s
}

func (o object) list(name string) []*yaml.Node {
	n := o.fields[name]
	switch {
	case n == nil:
		return nil
	case n.Kind != yaml.SequenceNode:
		o.r.errorf(at(n), "%s must be a list, not %s", name, kindOf(n))
		return nil
	}
	return n.Content
}

// strings is the list of texts under name.
func (o object) strings(name string) []string {
	var out []string
	for _, n := range o.list(name) {
		if s := text(o.r, n, "an entry of "+name); s != "" {
			out = append(out, s)
		} else if isText(n) {
			o.r.errorf(at(n), "an entry of %s is empty", name)
		}
	}
	return out
}

// duration is a positive time with its unit, as in "90s" or "1m30s".
func (o object) duration(name string) time.Duration {
	n := o.fields[name]
	if n == nil {
		return 0
	}
	if n.Kind != yaml.ScalarNode {
		o.r.errorf(at(n), "%s must be a time such as 90s, not %s", name, kindOf(n))
		return 0
	}
	d, err := time.ParseDuration(n.Value)
	if err != nil || d <= 0 {
		o.r.errorf(at(n), "%s must be a time above zero with its unit, such as 90s or 2m, not %q", name, n.Value)
		return 0
	}
	return d
}

// text is the value of a string; what is its name in messages.
func text(r *report, n *yaml.Node, what string) string {
	switch {
	case isText(n):
		return n.Value
	case n.Kind == yaml.ScalarNode && n.ShortTag() != "!!null":
		r.errorf(at(n), "%s must be a text, not %s: put %q in quotes", what, kindOf(n), n.Value)
	default:
		r.errorf(at(n), "%s must be a text, not %s", what, kindOf(n))
	}
	return ""
}

func isText(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!str" }

// kindOf is what a person calls the type of a node.
func kindOf(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	switch tag := n.ShortTag(); tag {
	case "!!null":
		return "nothing"
	case "!!int", "!!float":
		return "a number"
	case "!!bool":
		return "true or false"
	case "!!timestamp":
		return "a date"
	case "!!str":
		return "a text"
	default:
		return "a " + strings.TrimLeft(tag, "!")
	}
}
