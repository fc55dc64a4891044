package rules

import (
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// A validatorDef is one validator: its name, where it may stand, its
// parameters and how they become a check.
type validatorDef struct {
	name, doc string
	scopes    []Scope // nil: all
	eachTask  bool    // in the scope tasks, asked of each task alone
	params    []paramDef
	parse     func(rd *reader, at *yaml.Node, p params) complianceCheck
}

// A paramDef is one parameter of a validator.
type paramDef struct {
	name, doc string
	required  bool
	schema    map[string]any
}

// params are the parameters that a rule gives.
type params map[string]*yaml.Node

// validatorDefs is the table of validators.
func validatorDefs() []validatorDef {
	return []validatorDef{
		patternMatchDef(), jobResolutionDef(), ticketStatusDef(), taskCountDef(),
		commandDef(), forbiddenCommandDef(), orderDef(), maxCountDef(), noLoopDef(),
		maxTurnsDef(), maxTokensDef(), maxCostDef(), maxDurationDef(),
	}
}

func findValidator(name string) (validatorDef, bool) {
	defs := validatorDefs()
	i := slices.IndexFunc(defs, func(d validatorDef) bool { return d.name == name })
	if i < 0 {
		return validatorDef{}, false
	}
	return defs[i], true
}

func (d validatorDef) allows(s Scope) bool { return d.scopes == nil || slices.Contains(d.scopes, s) }

// complianceFields lists what any compliance rule can carry.
func complianceFields() []string { return []string{"label", "validator", "required", "negate"} }

func complianceScopes() []Scope { return []Scope{ScopeGateway, ScopeJob, ScopeTasks} }

// ParseCompliance reads one rule of validation.SCOPE strictly. With problems,
// which come in the order of the file, the rule is not to be used.
func ParseCompliance(scope Scope, n *yaml.Node) (Compliance, []Problem) {
	rd := &reader{}
	c := Compliance{Scope: scope, Required: true}
	root := rd.plain(n)
	if root == nil {
		return c, rd.sorted()
	}
	if !slices.Contains(complianceScopes(), scope) {
		rd.problem(root, "%s", unknown("scope", string(scope), []string{string(ScopeGateway), string(ScopeJob), string(ScopeTasks)}))
	}
	if fs, ok := rd.fields(root, "compliance rule"); ok {
		rd.complianceRule(root, fs, &c)
	}
	c.Source = source(root)
	if len(rd.problems) > 0 {
		c.check = nil // half a rule must not judge
	}
	return c, rd.sorted()
}

func (rd *reader) complianceRule(root *yaml.Node, fs []field, c *Compliance) {
	given := params{}
	var rest []field
	labelled, named := false, false
	var d validatorDef
	known := false
	for _, f := range fs {
		switch f.name {
		case "label":
			c.Label, labelled = rd.label(f.value), true
		case "validator":
			named = true
			d, known = rd.validator(f, c)
		case "required":
			c.Required, _ = rd.boolean(f.value, f.name)
		case "negate":
			c.Negate, _ = rd.boolean(f.value, f.name)
		default:
			given[f.name] = f.value
			rest = append(rest, f)
		}
	}
	if !labelled {
		rd.problem(root, "a compliance rule needs a label")
	}
	if !named {
		rd.problem(root, "a compliance rule needs a validator, one of %s", strings.Join(validatorNames(c.Scope), ", "))
	}
	if !known {
		return
	}
	if rd.paramNames(root, d, rest) {
		c.check = d.parse(rd, root, given)
		c.eachTask = d.eachTask && c.Scope == ScopeTasks
	}
}

// validator reads the validator's name.
func (rd *reader) validator(f field, c *Compliance) (validatorDef, bool) {
	name, ok := rd.text(f.value, f.name)
	if !ok {
		return validatorDef{}, false
	}
	c.Validator = name
	d, known := findValidator(name)
	switch {
	case !known:
		rd.problem(f.value, "%s", unknown("validator", name, validatorNames(c.Scope)))
	case !d.allows(c.Scope):
		rd.problem(f.value, "validator %s stands in the scope %s only, not in %s", name, d.scopes[0], c.Scope)
		return d, false
	}
	return d, known
}

func validatorNames(s Scope) []string {
	var names []string
	for _, d := range validatorDefs() {
		if d.allows(s) {
			names = append(names, d.name)
		}
	}
	return names
}

// paramNames checks that the right parameters are there, and no others.
func (rd *reader) paramNames(root *yaml.Node, d validatorDef, given []field) bool {
	ok := true
	names := make([]string, len(d.params))
	for i, p := range d.params {
		names[i] = p.name
	}
	for _, f := range given {
		if !slices.Contains(names, f.name) {
			rd.problem(f.key, "%s: %s", d.name, unknown("field", f.name, slices.Concat(names, complianceFields())))
			ok = false
		}
	}
	for _, p := range d.params {
		if p.required && !slices.ContainsFunc(given, func(f field) bool { return f.name == p.name }) {
			rd.problem(root, "%s needs %s: %s", d.name, p.name, p.doc)
			ok = false
		}
	}
	return ok
}
