package rules

import "strings"

// simpleCommands splits a shell script into its simple commands, each as argv.
// It knows quotes, operators, redirections and command substitution, and
// expands nothing. It is for recognising commands, not for running them: what a
// script computes it cannot see.
func simpleCommands(script string) [][]string { return split(script, maxUnwrap) }

func split(script string, depth int) [][]string {
	s := splitter{text: script, depth: depth}
	s.run()
	return s.done
}

// splitter is the state of one pass over a script.
type splitter struct {
	text string
	pos  int
	done [][]string
	argv []string
	word strings.Builder
	open bool // a word has begun, be it empty
	// depth bounds substitutions in substitutions: an engine writes the script.
	depth int
}

func (s *splitter) run() {
	for s.pos < len(s.text) {
		c := s.text[s.pos]
		s.pos++
		switch {
		case c == '\\' && s.pos < len(s.text):
			if s.text[s.pos] != '\n' {
				s.put(s.text[s.pos])
			}
			s.pos++
		case c == '\'':
			s.single()
		case c == '"':
			s.double()
		case c == ' ' || c == '\t':
			s.endWord()
		case c == '>' || c == '<':
			s.redirect()
		case c == '#' && !s.open:
			s.comment()
		case c == '$' && s.peek('('), c == '`':
			// What is substituted runs as a command of its own.
			s.substitution(c)
		case strings.IndexByte(";&|\n()", c) >= 0, (c == '{' || c == '}') && !s.open:
			s.endCommand()
		default:
			s.put(c)
		}
	}
	s.endCommand()
}

func (s *splitter) peek(c byte) bool { return s.pos < len(s.text) && s.text[s.pos] == c }

func (s *splitter) put(c byte) {
	s.word.WriteByte(c)
	s.open = true
}

func (s *splitter) endWord() {
	if s.open {
		s.argv = append(s.argv, s.word.String())
	}
	s.word.Reset()
	s.open = false
}

func (s *splitter) endCommand() {
	s.endWord()
	if len(s.argv) > 0 {
		s.done = append(s.done, s.argv)
	}
	s.argv = nil
}

func (s *splitter) single() {
	s.open = true
	end := strings.IndexByte(s.text[s.pos:], '\'')
	if end < 0 {
		end = len(s.text) - s.pos
	}
	s.word.WriteString(s.text[s.pos : s.pos+end])
	s.pos = min(len(s.text), s.pos+end+1)
}

func (s *splitter) double() {
	s.open = true
	for s.pos < len(s.text) {
		c := s.text[s.pos]
		s.pos++
		switch {
		case c == '"':
			return
		case c == '\\' && s.pos < len(s.text):
			s.put(s.text[s.pos])
			s.pos++
		case c == '$' && s.peek('('), c == '`':
			s.substitution(c)
		default:
			s.put(c)
		}
	}
}

// redirect drops a redirection with its target: 2>&1, >/dev/null, <<EOF.
func (s *splitter) redirect() {
	if strings.Trim(s.word.String(), "0123456789") == "" {
		s.word.Reset()
		s.open = false
	}
	s.endWord()
	for s.pos < len(s.text) && strings.IndexByte("<>&| \t", s.text[s.pos]) >= 0 {
		s.pos++
	}
	for s.pos < len(s.text) && strings.IndexByte(" \t\n;&|()<>", s.text[s.pos]) < 0 {
		s.pos++
	}
}

func (s *splitter) comment() {
	for s.pos < len(s.text) && s.text[s.pos] != '\n' {
		s.pos++
	}
}

// substitution takes $(...) or `...`: its commands are noted, the word goes on
// with nothing in its place.
func (s *splitter) substitution(c byte) {
	start, depth := s.pos, 0
	for s.pos < len(s.text) {
		d := s.text[s.pos]
		s.pos++
		switch {
		case d == '\\' && s.pos < len(s.text):
			s.pos++
		case c == '`' && d == '`', c == '$' && d == ')' && depth <= 1:
			s.nested(strings.TrimPrefix(s.text[start:s.pos-1], "("))
			return
		case d == '(':
			depth++
		case d == ')':
			depth--
		}
	}
	s.nested(strings.TrimPrefix(s.text[start:], "("))
}

func (s *splitter) nested(inner string) {
	s.open = true
	if s.depth > 0 {
		s.done = append(s.done, split(inner, s.depth-1)...)
	}
}
