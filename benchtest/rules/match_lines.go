package rules

import (
	"strings"

	"gopkg.in/yaml.v3"
)

// linesMatcher is the default for a list on a text: every item must be met.
// An item is a line pattern ("foo", "!foo", "/re/", "!/re/") or a mapping of
// matchers that is applied to the whole text.
type linesMatcher []matcher

func parseLines(rd *reader, n *yaml.Node, s slot) matcher {
	var all linesMatcher
	for _, item := range n.Content {
		if item.Kind == yaml.MappingNode {
			all = append(all, rd.matcherMap(item, s))
		} else {
			all = append(all, parseLine(rd, item, s))
		}
	}
	return all
}

func (m linesMatcher) match(got any, s scope) finding { return conjunction(m, got, s) }

func (m linesMatcher) String() string   { return joinMatchers(m, ", ") }
func (m linesMatcher) decidesCut() bool { return allOf(m, decidesCut) }
func (m linesMatcher) trivial() bool    { return allOf(m, trivial) }

// lineMatcher is one line pattern.
type lineMatcher struct {
	absent  bool
	text    string
	pattern Pattern
	regexp  bool
}

// parseLine reads goss's line patterns. A leading backslash takes the meaning
// from a "!" or "/" that follows it.
func parseLine(rd *reader, n *yaml.Node, s slot) matcher {
	text, ok := rd.text(n, s.name)
	if !ok {
		return nil
	}
	var m lineMatcher
	if rest, neg := strings.CutPrefix(text, "!"); neg {
		m.absent, text = true, rest
	}
	if text == "" {
		rd.problem(n, "%s: an empty line pattern expects nothing", s.name)
		return nil
	}
	if len(text) > 1 && text[0] == '/' && strings.HasSuffix(text, "/") {
		p, err := Compile(text[1:len(text)-1], false)
		if err != nil {
			rd.problem(n, "%s: %v", s.name, err)
			return nil
		}
		m.pattern, m.regexp = p, true
		return m
	}
	if len(text) > 1 && text[0] == '\\' && strings.ContainsRune(`!/\`, rune(text[1])) {
		text = text[1:]
	}
	m.text = text
	return m
}

func (m lineMatcher) match(got any, s scope) finding {
	lines, ok := toElements(got)
	if !ok {
		return fails("not a text")
	}
	for _, line := range lines {
		text, isText := line.(string)
		if !isText {
			continue
		}
		found, err := m.matchLine(text, s.watch)
		switch {
		case err != nil:
			return finding{err: err}
		case found && m.absent:
			return fails("a line has %s: %s", m.want(), show(text))
		case found:
			return finding{holds: true}
		}
	}
	if m.absent {
		return finding{holds: true}
	}
	return fails("no line has %s", m.want())
}

func (m lineMatcher) matchLine(line string, w watch) (bool, error) {
	if m.regexp {
		return w.match(m.pattern, line)
	}
	return strings.Contains(line, m.text), nil
}

func (m lineMatcher) want() string {
	if m.regexp {
		return m.pattern.String()
	}
	return show(m.text)
}

func (m lineMatcher) String() string {
	if m.absent {
		return "no line with " + m.want()
	}
	return "a line with " + m.want()
}

func (m lineMatcher) decidesCut() bool { return !m.absent }

// trivial overlooks that a text without any line has none that matches.
func (m lineMatcher) trivial() bool { return m.regexp && !m.absent && m.pattern.matchesAnything() }
