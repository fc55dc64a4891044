package facts

import (
	"fmt"
	"slices"
	"strings"
)

// Type is the JSON type of an attribute's or a parameter's value.
type Type string

// The types. A fact that has no value for an attribute, because its subject is
// not there, holds null, whatever the type.
const (
	TypeBool   Type = "bool"
	TypeInt    Type = "int"    // a whole number; float64 once decoded
	TypeNumber Type = "number" // a number that may have a fraction
	TypeString Type = "string"
	TypeText   Type = "text" // a string of many lines, cut at Request.MaxBytes
	TypeTime   Type = "time" // a string: RFC 3339, UTC, microseconds, so that later is greater as text too
	TypeList   Type = "list" // a list of strings
	TypeMap    Type = "map"
)

// TimeLayout is the layout of a TypeTime value, which is always in UTC.
const TimeLayout = "2006-01-02T15:04:05.000000Z"

// An Attr is one attribute of a noun: what a rule may expect something of.
type Attr struct {
	Name string
	Type Type
	Doc  string
}

// A Param refines the question; it stands beside the subject in a rule.
type Param struct {
	Name string
	Type Type
	Doc  string
}

// A Noun is a kind of thing that can be asked about.
type Noun struct {
	Name    string
	Doc     string
	Subject string // what the subject is, with an example
	Attrs   []Attr
	Params  []Param
	// Driver marks a noun that the driver answers itself, never the probe.
	Driver bool
}

// Attr returns the attribute name.
func (n Noun) Attr(name string) (Attr, bool) {
	i := slices.IndexFunc(n.Attrs, func(a Attr) bool { return a.Name == name })
	if i < 0 {
		return Attr{}, false
	}
	return n.Attrs[i], true
}

// Param returns the parameter name.
func (n Noun) Param(name string) (Param, bool) {
	i := slices.IndexFunc(n.Params, func(p Param) bool { return p.Name == name })
	if i < 0 {
		return Param{}, false
	}
	return n.Params[i], true
}

// AttrNames lists the attributes in the order of the table.
func (n Noun) AttrNames() []string {
	names := make([]string, len(n.Attrs))
	for i, a := range n.Attrs {
		names[i] = a.Name
	}
	return names
}

// Nouns is the vocabulary of SCENARIO.md section 2 as far as this version
// speaks it, in the order of that table. The caller owns the slice.
func Nouns() []Noun {
	return slices.Concat(unitNouns(), fileNouns(), networkNouns(), systemNouns(), driverNouns())
}

// LookupNoun returns the noun name; false when this version does not know it.
// FindNoun says why.
func LookupNoun(name string) (Noun, bool) {
	all := Nouns()
	i := slices.IndexFunc(all, func(n Noun) bool { return n.Name == name })
	if i < 0 {
		return Noun{}, false
	}
	return all[i], true
}

// FindNoun is LookupNoun with an error that a scenario's author can act on: it
// tells a noun that is planned from one that is not there at all.
func FindNoun(name string) (Noun, error) {
	if n, ok := LookupNoun(name); ok {
		return n, nil
	}
	if slices.Contains(planned(), name) {
		return Noun{}, fmt.Errorf("noun %q is not supported by this version", name)
	}
	var names []string
	for _, n := range Nouns() {
		names = append(names, n.Name)
	}
	return Noun{}, fmt.Errorf("unknown noun %q: want one of %s", name, strings.Join(names, ", "))
}

// planned lists the nouns of SCENARIO.md that have no collector yet.
func planned() []string {
	return []string{"container", "kubernetes", "database", "route", "firewall"}
}
