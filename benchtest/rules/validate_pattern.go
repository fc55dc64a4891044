package rules

import (
	"strings"

	"gopkg.in/yaml.v3"
)

func patternMatchDef() validatorDef {
	return validatorDef{
		name: "pattern_match", doc: "a regular expression, case-insensitive, matches a part of the record; ^ and $ are the ends of a line",
		eachTask: true,
		params: []paramDef{
			{name: "where", doc: "one of " + strings.Join(whereNames(), ", "), required: true, schema: enumSchema(whereNames())},
			{name: "pattern", doc: "a regular expression", required: true, schema: typeSchema("string", "number")},
		},
		parse: func(rd *reader, _ *yaml.Node, p params) complianceCheck {
			where := rd.choice(p["where"], "where", whereNames())
			m, ok := rd.linePattern(p["pattern"], "pattern")
			if !ok {
				return nil
			}
			return patternMatch{where: Where(where), pattern: m}
		},
	}
}

// linePattern reads an expression for texts of one entry a line.
func (rd *reader) linePattern(n *yaml.Node, what string) (linePattern, bool) {
	expr, ok := rd.text(n, what)
	if !ok {
		return linePattern{}, false
	}
	if expr == "" {
		rd.problem(n, "%s: it is empty", what)
		return linePattern{}, false
	}
	// Compiled alone first, so that the error speaks of what the author wrote.
	if _, err := Compile(expr, true); err != nil {
		rd.problem(n, "%s: %v", what, err)
		return linePattern{}, false
	}
	p, err := Compile("(?m)"+expr, true)
	if err != nil {
		rd.problem(n, "%s: %v", what, err)
		return linePattern{}, false
	}
	return linePattern{expr: expr, Pattern: p}, true
}

type linePattern struct {
	Pattern

	expr string
}

func (p linePattern) String() string { return "/" + p.expr + "/" }

// patternMatch asks whether a part of the record matches.
type patternMatch struct {
	where   Where
	pattern linePattern
}

func (m patternMatch) expected() string { return m.pattern.String() + " in " + string(m.where) }
func (m patternMatch) cannotFail() bool { return m.pattern.matchesAnything() }

func (m patternMatch) ask(rec record) answer {
	text, ev, missing := rec.text(m.where)
	a := answer{evidence: ev, missing: missing, raw: text}
	if missing != "" {
		return a
	}
	a.holds, a.err = m.pattern.MatchString(text)
	a.got = "no match"
	if a.holds {
		a.got = "a match" + m.line(text)
	}
	return a
}

// line shows the first line that matches by itself.
func (m patternMatch) line(text string) string {
	w := newWatch()
	for line := range strings.Lines(text) {
		if ok, err := w.match(m.pattern.Pattern, strings.TrimRight(line, "\r\n")); err != nil {
			break
		} else if ok {
			return ": " + clip(strings.TrimSpace(line), 200)
		}
	}
	return ""
}
