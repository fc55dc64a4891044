package scenario

import (
	"fmt"
	"regexp"

	"gopkg.in/yaml.v3"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

// Labels of the state rules that nobody writes down.
const (
	LabelValidate  = "validate"
	LabelIntegrity = "integrity"
)

// state reads the state rules.
func (d *decoder) state(top object) {
	seen := labels{LabelValidate: {}, LabelIntegrity: {}}
	for _, n := range top.list("state") {
		rule, problems := rules.ParseState(n)
		if d.rule(n, problems) {
			continue
		}
		if on := field(n, "on"); on != nil && !d.s.host(rule.On) {
			d.r.errorf(at(on), "no host %q%s", rule.On, didYouMean(rule.On, d.s.hostNames()))
		}
		if other, twice := seen.add(rule.Label, n); twice {
			d.r.errorf(labelPlace(n), "label %q is that of %s", rule.Label, other)
		}
		i := len(d.s.State)
		d.mark(fmt.Sprintf("state.%d", i), n, "within", "for")
		d.s.subjects = append(d.s.subjects, texts(n)...)
		d.s.State = append(d.s.State, rule)
	}
}

// validation reads the compliance rules of the three scopes.
func (d *decoder) validation(top object) {
	d.s.AllowedAgents = d.allowed(top, "allowedAgents")
	d.s.AllowedHosts = d.allowed(top, "allowedHosts")
	n := top.fields["validation"]
	if n == nil {
		return
	}
	o := newObject(d.r, n, "validation", "gateway", "job", "tasks", "allowedAgents", "allowedHosts")
	d.s.AllowedAgents = append(d.s.AllowedAgents, d.allowed(o, "allowedAgents")...)
	d.s.AllowedHosts = append(d.s.AllowedHosts, d.allowed(o, "allowedHosts")...)
	// One name space: results are shown by label, in one list.
	seen := labels{}
	for _, scope := range []rules.Scope{rules.ScopeGateway, rules.ScopeJob, rules.ScopeTasks} {
		for _, n := range o.list(string(scope)) {
			rule, problems := rules.ParseCompliance(scope, n)
			if d.rule(n, problems) {
				continue
			}
			if other, twice := seen.add(rule.Label, n); twice {
				d.r.warnf(labelPlace(n), "label %q is that of %s: reports cannot tell them apart", rule.Label, other)
			}
			d.mark(fmt.Sprintf("validation.%d", len(d.s.Compliance)), n)
			d.s.Compliance = append(d.s.Compliance, rule)
		}
	}
}

func (d *decoder) allowed(o object, name string) []string {
	if !o.has(name) {
		return nil
	}
	d.older(o, name, "it is still obeyed")
	return o.strings(name)
}

// rule reports the problems of a rule; those without a place are put at n.
func (d *decoder) rule(n *yaml.Node, problems []rules.Problem) bool {
	for _, p := range problems {
		where := place{p.Line, p.Column}
		if p.Line == 0 {
			where = at(n)
		}
		d.r.errorf(where, "%s", p.Text)
	}
	return len(problems) > 0
}

// mark remembers where a rule and some of its fields are.
func (d *decoder) mark(name string, n *yaml.Node, fields ...string) {
	d.s.places[name] = at(n)
	for _, f := range fields {
		if v := field(n, f); v != nil {
			d.s.places[name+"."+f] = at(v)
		}
	}
}

// field is the value of a mapping's field, or nil.
func field(n *yaml.Node, name string) *yaml.Node {
	if n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == name {
			return n.Content[i+1]
		}
	}
	return nil
}

// texts are all values below n that are texts.
func texts(n *yaml.Node) []string {
	if isText(n) {
		return []string{n.Value}
	}
	var out []string
	for i, child := range n.Content {
		if n.Kind != yaml.MappingNode || i%2 == 1 {
			out = append(out, texts(child)...)
		}
	}
	return out
}

func labelPlace(n *yaml.Node) place {
	if l := field(n, "label"); l != nil {
		return at(l)
	}
	return at(n)
}

// labels are those seen, as the subtests are called, with their rules.
type labels map[string]struct{ line int }

var notSubtest = regexp.MustCompile(`[^A-Za-z0-9._-]`)

// SubtestName is the name of the subtest that a rule's label stands for.
func SubtestName(label string) string { return notSubtest.ReplaceAllString(label, "_") }

// add says whose label it is already.
func (l labels) add(label string, n *yaml.Node) (other string, twice bool) {
	name := SubtestName(label)
	if first, ok := l[name]; ok {
		if first.line == 0 {
			return "a rule that every scenario has", true
		}
		return fmt.Sprintf("the rule on line %d", first.line), true
	}
	l[name] = struct{ line int }{n.Line}
	return "", false
}
