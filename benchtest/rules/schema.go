package rules

import (
	"maps"
	"slices"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

// The JSON Schema fragments below are made from the same tables as the strict
// reader, so that an editor knows every word that the loader knows.

// StateSchema is the JSON Schema (2020-12) of one state rule. It refers to its
// own $defs by anchor, so it can be embedded anywhere in a schema, once.
func StateSchema() map[string]any {
	var nouns []any
	for _, n := range facts.Nouns() {
		nouns = append(nouns, nounSchema(n))
	}
	return map[string]any{"type": "object", "oneOf": nouns, "$defs": matcherSchemas()}
}

func nounSchema(n facts.Noun) map[string]any {
	subject := typeSchema("string", "number")
	subject["description"] = n.Doc + "; " + n.Subject
	expect := map[string]any{}
	for _, a := range n.Attrs {
		ref := matcherRef(a.Type)
		if linewise(n.Name, a.Name) {
			ref = matcherRef(facts.TypeText)
		}
		ref["description"] = a.Doc
		expect[a.Name] = ref
	}
	props := modifierSchemas()
	for _, p := range n.Params {
		s := valueSchema(p.Type)
		if p.Name == "timeout" {
			s = durationSchema()
		}
		s["description"] = p.Doc
		props[p.Name] = s
	}
	props[n.Name] = subject
	props["expect"] = object(expect, 1)
	s := object(props, 0)
	s["required"] = []any{"label", n.Name, "expect"}
	s["title"] = n.Name
	return s
}

func modifierSchemas() map[string]any {
	return map[string]any{
		"label": labelSchema(), "on": typeSchema("string"), "as": typeSchema("string"),
		"within": durationSchema(), "for": durationSchema(), "every": durationSchema(),
		"required": typeSchema("boolean"), "negate": typeSchema("boolean"),
		"before": enumSchema([]string{string(BeforeFails), string(BeforeHolds), string(BeforeAny)}),
	}
}

// matcherTypes lists the types that have a definition of their own; the empty
// one is anything.
func matcherTypes() []facts.Type {
	return []facts.Type{
		facts.TypeBool, facts.TypeInt, facts.TypeNumber, facts.TypeString, facts.TypeText,
		facts.TypeTime, facts.TypeList, facts.TypeMap, "",
	}
}

func matcherSchemas() map[string]any {
	defs := map[string]any{}
	for _, t := range matcherTypes() {
		s := matcherSchema(t)
		s["$anchor"] = matcherDefName(t)
		defs[matcherDefName(t)] = s
	}
	return defs
}

func matcherDefName(t facts.Type) string {
	if t == "" {
		return "match-any"
	}
	return "match-" + string(t)
}

// matcherRef refers to what may be expected of a value of type t.
func matcherRef(t facts.Type) map[string]any {
	return map[string]any{"$ref": "#" + matcherDefName(t)}
}

func matcherSchema(t facts.Type) map[string]any {
	words := map[string]any{}
	for _, d := range matcherDefs() {
		if d.fits(t) {
			s := d.schema(t)
			s["description"] = d.doc
			words[d.name] = s
		}
	}
	mapping := object(words, 1)
	if t == facts.TypeMap {
		// Any other key is a member of the mapping.
		mapping["additionalProperties"] = matcherRef("")
	}
	var forms []any
	switch t {
	case facts.TypeMap:
	case facts.TypeList:
		forms = []any{elementsSchema(t)}
	case facts.TypeText, "":
		forms = []any{valueSchema(facts.TypeText), lineListSchema(t)}
	default:
		forms = []any{valueSchema(t)}
	}
	return map[string]any{"anyOf": append(forms, mapping)}
}

// lineListSchema is a list of line patterns and matchers.
func lineListSchema(t facts.Type) map[string]any {
	return map[string]any{"type": "array", "minItems": 1, "items": matcherRef(t)}
}

// valueSchema is one value of type t as a rule may write it: a text also as a
// number, since mode: 0644 is read as it is written.
func valueSchema(t facts.Type) map[string]any {
	switch t {
	case facts.TypeBool:
		return typeSchema("boolean")
	case facts.TypeInt:
		return typeSchema("integer")
	case facts.TypeNumber:
		return typeSchema("number")
	case facts.TypeTime:
		return typeSchema("string")
	case facts.TypeList:
		return map[string]any{"type": "array", "items": typeSchema("string", "number", "boolean")}
	case facts.TypeMap:
		return typeSchema("object")
	case facts.TypeString, facts.TypeText:
		return typeSchema("string", "number", "boolean")
	}
	return map[string]any{}
}

func stringSchema(facts.Type) map[string]any { return typeSchema("string", "number", "boolean") }

func orderedSchema(t facts.Type) map[string]any {
	if t == facts.TypeTime {
		return typeSchema("string")
	}
	return typeSchema("number")
}

func elementSchema(t facts.Type) map[string]any { return matcherRef(elementType(t)) }

func elementsSchema(t facts.Type) map[string]any {
	return map[string]any{"type": "array", "minItems": 1, "items": elementSchema(t)}
}

func matcherListSchema(t facts.Type) map[string]any {
	return map[string]any{"type": "array", "minItems": 1, "items": matcherRef(t)}
}

// ComplianceSchema is the JSON Schema of one compliance rule of any scope.
func ComplianceSchema() map[string]any { return validatorsSchema(complianceScopes()...) }

// ScopeSchema is the JSON Schema of one rule of validation.SCOPE.
func ScopeSchema(scope Scope) map[string]any { return validatorsSchema(scope) }

func validatorsSchema(scopes ...Scope) map[string]any {
	var forms []any
	for _, d := range validatorDefs() {
		if slices.ContainsFunc(scopes, d.allows) {
			forms = append(forms, validatorSchema(d))
		}
	}
	return map[string]any{"type": "object", "oneOf": forms}
}

func validatorSchema(d validatorDef) map[string]any {
	name := map[string]any{"const": d.name, "description": d.doc}
	props := map[string]any{
		"label": labelSchema(), "validator": name, "required": typeSchema("boolean"), "negate": typeSchema("boolean"),
	}
	required := []any{"label", "validator"}
	for _, p := range d.params {
		s := maps.Clone(p.schema)
		s["description"] = p.doc
		props[p.name] = s
		if p.required {
			required = append(required, p.name)
		}
	}
	s := object(props, 0)
	s["required"], s["title"] = required, d.name
	return s
}

func object(props map[string]any, least int) map[string]any {
	return map[string]any{"type": "object", "properties": props, "additionalProperties": false, "minProperties": least}
}

func typeSchema(types ...string) map[string]any {
	if len(types) == 1 {
		return map[string]any{"type": types[0]}
	}
	list := make([]any, len(types))
	for i, t := range types {
		list[i] = t
	}
	return map[string]any{"type": list}
}

func enumSchema(words []string) map[string]any {
	list := make([]any, len(words))
	for i, w := range words {
		list[i] = w
	}
	return map[string]any{"enum": list}
}

func labelSchema() map[string]any {
	return map[string]any{"type": "string", "minLength": 1, "maxLength": 200}
}

func argvSchema() map[string]any {
	return map[string]any{"type": "array", "minItems": 1, "items": typeSchema("string", "number")}
}

func durationSchema() map[string]any {
	return map[string]any{"type": "string", "pattern": `^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$`}
}
