package scenario

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// parseJSON makes the same tree of JSON as parseYAML does of YAML. YAML is
// nearly a superset of JSON but not of its strings: "\ud83d\ude00" is one
// character here and two broken ones there.
func parseJSON(data []byte, r *report) (*yaml.Node, bool) {
	if i := tooDeep(data); i >= 0 {
		r.errorf(placeAt(data, i), "nested more than %d deep", maxDepth)
		return nil, false
	}
	if err := json.Unmarshal(data, new(json.RawMessage)); err != nil {
		offset := len(data)
		if s, ok := errors.AsType[*json.SyntaxError](err); ok && s.Offset > 0 {
			offset = int(s.Offset) - 1
		}
		r.errorf(placeAt(data, offset), "%s", err)
		return nil, false
	}
	s := jsonScanner{data: data, line: 1, column: 1, r: r}
	root := s.value()
	return root, !s.bad
}

// tooDeep is the offset of the bracket that is one too many, or -1.
func tooDeep(data []byte) int {
	depth, quoted := 0, false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return i
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return -1
}

// A jsonScanner walks JSON that encoding/json has found valid, so every step
// may trust the one before.
type jsonScanner struct {
	data         []byte
	next         int
	line, column int
	r            *report
	bad          bool
}

// skip moves over n bytes, and then over white space, commas and colons.
func (s *jsonScanner) skip(n int) {
	for ; s.next < len(s.data); n-- {
		c := s.data[s.next]
		if n <= 0 && !strings.ContainsRune(" \t\r\n,:", rune(c)) {
			return
		}
		s.next++
		switch {
		case c == '\n':
			s.line, s.column = s.line+1, 1
		case c&0xc0 != 0x80: // not inside a character
			s.column++
		}
	}
}

func (s *jsonScanner) value() *yaml.Node {
	s.skip(0)
	n := &yaml.Node{Line: s.line, Column: s.column}
	switch c := s.data[s.next]; c {
	case '{':
		n.Kind, n.Tag = yaml.MappingNode, "!!map"
		s.contents(n, '}')
	case '[':
		n.Kind, n.Tag = yaml.SequenceNode, "!!seq"
		s.contents(n, ']')
	case '"':
		n.Kind, n.Tag, n.Style = yaml.ScalarNode, "!!str", yaml.DoubleQuotedStyle
		n.Value = s.quoted()
	default:
		n.Kind = yaml.ScalarNode
		n.Value = s.literal()
		n.Tag = literalTag(n.Value)
	}
	return n
}

func (s *jsonScanner) contents(n *yaml.Node, end byte) {
	for s.skip(1); s.data[s.next] != end; {
		n.Content = append(n.Content, s.value())
	}
	s.skip(1)
}

func (s *jsonScanner) quoted() string {
	end := s.next + 1
	for ; s.data[end] != '"'; end++ {
		if s.data[end] == '\\' {
			end++
		}
	}
	raw := s.data[s.next : end+1]
	if i := loneSurrogate(raw); i >= 0 {
		s.r.errorf(placeAt(s.data, s.next+i), `\u%s is half of a surrogate pair`, raw[i+2:i+6])
		s.bad = true
	}
	var text string
	// raw is valid: the whole text was.
	_ = json.Unmarshal(raw, &text)
	s.skip(len(raw))
	return text
}

func (s *jsonScanner) literal() string {
	end := s.next
	for end < len(s.data) && !strings.ContainsRune(" \t\r\n,]}", rune(s.data[end])) {
		end++
	}
	text := string(s.data[s.next:end])
	s.skip(len(text))
	return text
}

func literalTag(text string) string {
	switch {
	case text == "null":
		return "!!null"
	case text == "true" || text == "false":
		return "!!bool"
	case strings.ContainsAny(text, ".eE"):
		return "!!float"
	}
	return "!!int"
}

// loneSurrogate is the offset in a JSON string of a \u escape that is half of
// a pair, or -1. encoding/json would silently replace it.
func loneSurrogate(raw []byte) int {
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			continue
		}
		switch c := escaped(raw[i:]); {
		case c >= 0xdc00 && c < 0xe000:
			return i
		case c >= 0xd800 && c < 0xdc00:
			if low := escaped(raw[i+6:]); low < 0xdc00 || low >= 0xe000 {
				return i
			}
			i += 11
		default:
			i++
		}
	}
	return -1
}

// escaped is the code unit of the \uXXXX at the start of raw, or -1.
func escaped(raw []byte) int {
	if len(raw) < 6 || raw[0] != '\\' || raw[1] != 'u' {
		return -1
	}
	c, err := strconv.ParseUint(string(raw[2:6]), 16, 16)
	if err != nil {
		return -1
	}
	return int(c)
}
