package rules

import (
	"slices"
	"strings"
	"time"
	"unicode"

	"gopkg.in/yaml.v3"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

// minEvery is the shortest interval between two samples; a round trip to the
// probe takes a few milliseconds.
const minEvery = 100 * time.Millisecond

// ParseState reads one state rule strictly. With problems, which come in the
// order of the file, the rule is not to be used.
func ParseState(n *yaml.Node) (State, []Problem) {
	rd := &reader{}
	r := State{Required: true, Before: BeforeFails}
	root := rd.plain(n)
	if root == nil {
		return r, rd.sorted()
	}
	if fs, ok := rd.fields(root, "state rule"); ok {
		rd.stateRule(root, fs, &r)
	}
	r.Source, r.asked = source(root), questionOf(r.Query)
	if len(rd.problems) > 0 {
		r.expect = nil // half a rule must not judge
	}
	r.told = r.expected(r.expect)
	return r, rd.sorted()
}

func (rd *reader) stateRule(root *yaml.Node, fs []field, r *State) {
	noun, found := rd.noun(root, fs, r)
	var expected, labelled bool
	for _, f := range fs {
		switch {
		case f.name == noun.Name && found:
		case f.name == "label":
			r.Label, labelled = rd.label(f.value), true
		case f.name == "expect":
			expected = true
			if found {
				rd.expectations(f.value, noun, r)
			}
		case rd.modifier(f, r):
		case found:
			rd.param(f, noun, r)
		}
	}
	if !labelled {
		rd.problem(root, "a state rule needs a label")
	}
	if found && !expected {
		rd.problem(root, "empty rule: %s needs expect: with one of %s", noun.Name, strings.Join(noun.AttrNames(), ", "))
	}
}

// noun finds the one noun of a rule among its fields. A word that is no noun,
// no modifier and no parameter of any noun may be a misspelt noun.
func (rd *reader) noun(root *yaml.Node, fs []field, r *State) (facts.Noun, bool) {
	var noun facts.Noun
	found := false
	for _, f := range fs {
		n, err := facts.FindNoun(f.name)
		switch {
		case err == nil && found:
			rd.problem(f.key, "a rule has one noun: %s stands beside %s", f.name, noun.Name)
		case err == nil:
			noun, found = n, true
			rd.subject(f, r)
		case strings.HasSuffix(err.Error(), "not supported by this version"):
			rd.problem(f.key, "%v", err)
			return noun, false
		}
	}
	if found {
		return noun, true
	}
	for _, f := range fs {
		if !slices.Contains(stateFields(), f.name) && !isParam(f.name) {
			rd.problem(f.key, "%s", unknown("noun or field", f.name, slices.Concat(nounNames(), stateFields())))
			return noun, false
		}
	}
	rd.problem(root, "empty rule: a state rule needs a noun, one of %s", strings.Join(nounNames(), ", "))
	return noun, false
}

func nounNames() []string {
	var names []string
	for _, n := range facts.Nouns() {
		names = append(names, n.Name)
	}
	return names
}

func isParam(name string) bool {
	return slices.ContainsFunc(facts.Nouns(), func(n facts.Noun) bool { _, ok := n.Param(name); return ok })
}

// emptySubject names the nouns that mean something without a subject.
func emptySubject(noun string) bool { return noun == facts.NounJournal }

func (rd *reader) subject(f field, r *State) {
	r.Query.Noun = f.name
	subject, ok := rd.text(f.value, f.name)
	if !ok {
		return
	}
	if strings.TrimSpace(subject) == "" && !emptySubject(f.name) {
		rd.problem(f.value, "%s: the subject is empty", f.name)
	}
	if strings.HasPrefix(f.name, facts.NounFile) && !strings.HasPrefix(subject, "/") {
		rd.problem(f.value, "%s: want an absolute path, got %q", f.name, clip(subject, 80))
	}
	r.Query.Subject = subject
}

// label reads the label, which becomes the name of a subtest.
func (rd *reader) label(n *yaml.Node) string {
	text, ok := rd.text(n, "label")
	switch {
	case !ok:
	case strings.TrimSpace(text) == "":
		rd.problem(n, "label: it is empty")
	case len(text) > 200 || strings.ContainsFunc(text, unicode.IsControl):
		rd.problem(n, "label: want one line of at most 200 characters")
	}
	return text
}

// stateFields lists what any state rule can carry.
func stateFields() []string {
	return []string{"label", "expect", "on", "as", "within", "for", "every", "required", "negate", "before"}
}

// modifier reads f when it is one.
func (rd *reader) modifier(f field, r *State) bool {
	switch f.name {
	case "on":
		r.On, _ = rd.text(f.value, f.name)
	case "as":
		r.Query.As, _ = rd.text(f.value, f.name)
	case "within":
		r.Within, _ = rd.duration(f.value, f.name)
	case "for":
		r.For, _ = rd.duration(f.value, f.name)
	case "every":
		d, ok := rd.duration(f.value, f.name)
		if ok && d < minEvery {
			rd.problem(f.value, "every: at least %s, got %s", minEvery, f.value.Value)
		}
		r.Every = d
	case "required":
		r.Required, _ = rd.boolean(f.value, f.name)
	case "negate":
		r.Negate, _ = rd.boolean(f.value, f.name)
	case "before":
		r.Before = Before(rd.choice(f.value, f.name, []string{string(BeforeFails), string(BeforeHolds), string(BeforeAny)}))
	default:
		return false
	}
	return true
}

// choice reads one of a few words.
func (rd *reader) choice(n *yaml.Node, what string, words []string) string {
	text, ok := rd.text(n, what)
	if ok && !slices.Contains(words, text) {
		rd.problem(n, "%s", unknown("value of "+what, text, words))
	}
	return text
}

func (rd *reader) expectations(n *yaml.Node, noun facts.Noun, r *State) {
	fs, ok := rd.fields(n, "expect")
	if ok && len(fs) == 0 {
		rd.problem(n, "empty rule: expect has nothing; want one of %s", strings.Join(noun.AttrNames(), ", "))
	}
	for _, f := range fs {
		a, known := noun.Attr(f.name)
		if !known {
			rd.problem(f.key, "%s: %s", noun.Name, unknown("attribute", f.name, noun.AttrNames()))
			continue
		}
		m := rd.matcher(f.value, slot{name: a.Name, typ: a.Type, lines: linewise(noun.Name, a.Name)})
		r.expect = append(r.expect, expectation{attr: a.Name, typ: a.Type, want: m})
	}
}

// linewise names the lists whose elements are whole lines, of which nobody
// writes down every character: their items are line patterns, as on a text.
func linewise(noun, attr string) bool {
	switch noun + "." + attr {
	case "http.headers", "cron.entries", "process.args":
		return true
	}
	return false
}
