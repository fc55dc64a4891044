package rules

import (
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// A selector says which commands a rule means: by argv (the program, then
// arguments that must be among its own in this order) or by pattern.
type selector struct {
	argv    []lineMatcher
	words   []string
	pattern *linePattern
}

func selectorParams() []paramDef {
	return []paramDef{
		{name: "argv", doc: "the program and some of its arguments in order: [nginx, -t]", schema: argvSchema()},
		{name: "pattern", doc: "a regular expression that the command line matches", schema: typeSchema("string", "number")},
	}
}

// selector reads argv or pattern, one of them.
func (rd *reader) selector(at *yaml.Node, what string, p params) (selector, bool) {
	argv, pattern := p["argv"], p["pattern"]
	switch {
	case argv != nil && pattern != nil:
		rd.problem(at, "%s: argv and pattern exclude each other", what)
	case argv != nil:
		return rd.argvSelector(argv, "argv")
	case pattern != nil:
		m, ok := rd.linePattern(pattern, "pattern")
		return selector{pattern: &m}, ok
	default:
		rd.problem(at, "%s needs argv, such as [nginx, -t], or pattern", what)
	}
	return selector{}, false
}

// anySelector reads a list as argv and a text as pattern.
func (rd *reader) anySelector(n *yaml.Node, what string) (selector, bool) {
	if n.Kind == yaml.SequenceNode {
		return rd.argvSelector(n, what)
	}
	m, ok := rd.linePattern(n, what)
	return selector{pattern: &m}, ok
}

func (rd *reader) argvSelector(n *yaml.Node, what string) (selector, bool) {
	var s selector
	for _, item := range rd.items(n, slot{name: what}) {
		text, ok := rd.text(item, what)
		if !ok {
			return s, false
		}
		s.words = append(s.words, text)
		m := lineMatcher{text: text}
		if len(text) > 2 && text[0] == '/' && strings.HasSuffix(text, "/") {
			p, err := Compile(text[1:len(text)-1], false)
			if err != nil {
				rd.problem(item, "%s: %v", what, err)
				return s, false
			}
			m = lineMatcher{pattern: p, regexp: true}
		}
		s.argv = append(s.argv, m)
	}
	return s, len(s.argv) > 0
}

func (s selector) String() string {
	if s.pattern != nil {
		return s.pattern.String()
	}
	return strings.Join(s.words, " ")
}

// matches reports whether c is, or contains, a command that is meant.
func (s selector) matches(c Command, w watch) (bool, error) {
	if s.pattern != nil {
		return w.match(s.pattern.Pattern, c.String())
	}
	for _, argv := range programs(c) {
		if ok, err := s.matchesArgv(argv, w); ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}

func (s selector) matchesArgv(argv []string, w watch) (bool, error) {
	next := 0
	for i, word := range argv {
		if next == len(s.argv) {
			break
		}
		ok, err := s.argv[next].isWord(word, w)
		if err != nil {
			return false, err
		}
		if !ok && i == 0 {
			return false, nil // another program
		}
		if ok {
			next++
		}
	}
	return next == len(s.argv), nil
}

func (m lineMatcher) isWord(word string, w watch) (bool, error) {
	if m.regexp {
		return w.match(m.pattern, word)
	}
	return word == m.text, nil
}

// find returns the commands that s means.
func (s selector) find(cmds []Command) (found []Command, err error) {
	w := newWatch()
	for _, c := range cmds {
		ok, err := s.matches(c, w)
		if err != nil {
			return nil, err
		}
		if ok {
			found = append(found, c)
		}
	}
	return found, nil
}

func commandDef() validatorDef {
	return validatorDef{
		name: "command", doc: "a command was run, wherever in a shell line or behind sudo", eachTask: true,
		params: append(selectorParams(), paramDef{name: "status", doc: "with this exit status", schema: typeSchema("integer")}),
		parse: func(rd *reader, at *yaml.Node, p params) complianceCheck {
			s, ok := rd.selector(at, "command", p)
			c := commandCheck{selector: s}
			if n := p["status"]; n != nil {
				status, isCount := rd.count(n, "status")
				c.status, ok = &status, ok && isCount
			}
			if !ok {
				return nil
			}
			return c
		},
	}
}

// commandCheck asks whether a command was run, with a status if one is given.
type commandCheck struct {
	selector selector
	status   *int
}

func (c commandCheck) cannotFail() bool { return false }

func (c commandCheck) expected() string {
	if c.status != nil {
		return fmt.Sprintf("command %s with exit status %d", c.selector, *c.status)
	}
	return "command " + c.selector.String()
}

func (c commandCheck) ask(rec record) answer {
	cmds, a := rec.commandAnswer()
	found, err := c.selector.find(cmds)
	if c.status != nil {
		found = slices.DeleteFunc(found, func(cmd Command) bool { return cmd.ExitStatus == nil || *cmd.ExitStatus != *c.status })
	}
	a.err, a.holds, a.got = err, len(found) > 0, "not among "+countCommands(len(cmds))
	if a.holds {
		a.got = clip(found[0].String(), 200)
	}
	return a
}

// commandAnswer is the commands that count with an answer to fill in.
func (rec record) commandAnswer() ([]Command, answer) {
	cmds, ev, missing := rec.commands()
	return cmds, answer{evidence: ev, missing: missing, raw: commandLines(cmds)}
}

func countCommands(n int) string {
	if n == 1 {
		return "1 command"
	}
	return fmt.Sprintf("%d commands", n)
}

func forbiddenCommandDef() validatorDef {
	return validatorDef{
		name: "forbidden_command", doc: "a command was never run", params: selectorParams(),
		parse: func(rd *reader, at *yaml.Node, p params) complianceCheck {
			s, ok := rd.selector(at, "forbidden_command", p)
			if !ok {
				return nil
			}
			return forbiddenCheck{selector: s}
		},
	}
}

// forbiddenCheck asks whether a command was never run, in no task.
type forbiddenCheck struct{ selector selector }

func (c forbiddenCheck) cannotFail() bool { return false }
func (c forbiddenCheck) expected() string { return "never " + c.selector.String() }

func (c forbiddenCheck) ask(rec record) answer {
	cmds, a := rec.commandAnswer()
	found, err := c.selector.find(cmds)
	a.err, a.holds, a.got = err, len(found) == 0, "not among "+countCommands(len(cmds))
	if len(found) > 0 {
		a.got = clip(found[0].String(), 200)
	}
	return a
}
