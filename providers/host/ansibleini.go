package host

import (
	"errors"
	"net"
	"strings"
)

// ini reads Ansible's INI: sections of hosts, of [GROUP:vars] and of
// [GROUP:children].
func (r *reader) ini(text string) {
	g := newGroups(r)
	in, kind := g.named("ungrouped", 1), "hosts"
	line := 0
	for raw := range strings.Lines(text) {
		line++
		s := strings.TrimSpace(raw)
		switch {
		case s == "" || s[0] == '#' || s[0] == ';':
		case s[0] == '[':
			in, kind = g.section(s, line)
		case kind == "hosts":
			g.iniHost(in, s, line)
		case kind == "vars":
			g.iniVar(in, s, line)
		case kind == "children":
			child, _, _ := strings.Cut(s, " #")
			in.children = append(in.children, strings.TrimSpace(child))
		}
	}
	for name, of := range g.group {
		for _, child := range of.children {
			if g.group[child] == nil {
				r.errorf(of.line, 1, "group %s has the child %.80q, which is nowhere", name, child)
			}
		}
	}
	if len(r.errs) == 0 {
		g.resolve()
	}
}

// section reads [GROUP], [GROUP:vars] or [GROUP:children].
func (g *groups) section(s string, line int) (*group, string) {
	s, comment, _ := strings.Cut(s[1:], "]")
	comment = strings.TrimSpace(comment)
	name, kind, of := strings.Cut(s, ":")
	if !of {
		kind = "hosts"
	}
	bad := comment != "" && comment[0] != '#' && comment[0] != ';'
	if bad || !validName.MatchString(name) || kind != "hosts" && kind != "vars" && kind != "children" {
		g.errorf(line, 1, "section %.80q: want [GROUP], [GROUP:vars] or [GROUP:children]", s)
		kind = "nothing"
	}
	return g.named(name, line), kind
}

// iniHost reads NAME[:PORT] KEY=VALUE...
func (g *groups) iniHost(in *group, s string, line int) {
	words, err := splitWords(s)
	if err != nil || len(words) == 0 {
		g.errorf(line, 1, "%.80q: %v", s, err)
		return
	}
	name, vars := words[0], map[string]value{}
	if !strings.Contains(name, "[") && strings.Count(name, ":") == 1 {
		host, port, err := net.SplitHostPort(name)
		if err != nil {
			g.errorf(line, 1, "host %.80q: %v", name, err)
			return
		}
		name, vars["ansible_port"] = host, value{[]string{port}, line, 1}
	}
	for _, w := range words[1:] {
		k, v, ok := strings.Cut(w, "=")
		if !ok || k == "" {
			g.errorf(line, 1, "%.80q: want KEY=VALUE after the host", w)
			return
		}
		if ours(k) {
			vars[k] = value{[]string{v}, line, 1}
		}
	}
	g.host(in, name, vars, line, 1)
}

// iniVar reads KEY = VALUE, where the value goes to the line's end.
func (g *groups) iniVar(in *group, s string, line int) {
	k, v, ok := strings.Cut(s, "=")
	k = strings.TrimSpace(k)
	if !ok || k == "" {
		g.errorf(line, 1, "%.80q: want KEY = VALUE", s)
		return
	}
	if !ours(k) {
		return
	}
	v, _, _ = strings.Cut(strings.TrimSpace(v), " #")
	v = strings.TrimSpace(v)
	if n := len(v); n > 1 && (v[0] == '"' || v[0] == '\'') && v[n-1] == v[0] {
		v = v[1 : n-1]
	}
	in.vars[k] = value{[]string{v}, line, 1}
}

// splitWords splits a line as a shell would: quotes group, # ends it.
func splitWords(s string) ([]string, error) {
	var words []string
	var w strings.Builder
	var quote byte
	inWord := false
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case quote != 0 && c == quote:
			quote = 0
		case c == '\\' && quote != '\'':
			if i++; i == len(s) {
				return nil, errors.New("it ends with a backslash")
			}
			w.WriteByte(s[i])
			inWord = true
		case quote != 0:
			w.WriteByte(c)
		case c == '"' || c == '\'':
			quote, inWord = c, true
		case c == '#' && !inWord:
			return words, nil
		case c == ' ' || c == '\t':
			if inWord {
				words = append(words, w.String())
				w.Reset()
				inWord = false
			}
		default:
			w.WriteByte(c)
			inWord = true
		}
	}
	if quote != 0 {
		return nil, errors.New("a quote is not closed")
	}
	if inWord {
		words = append(words, w.String())
	}
	return words, nil
}
