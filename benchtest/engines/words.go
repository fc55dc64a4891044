package engines

import (
	"strconv"
	"strings"
)

// splitTrace splits one record of bash's xtrace into the words of the command.
// What bash writes there it quotes so that it could read it again: plain,
// 'single', \c, and $'ANSI-C'. Double quotes come through from compound
// commands. A record that ends within quotes ends its last word.
func splitTrace(s string) []string {
	var words []string
	var word strings.Builder
	in := false
	for s != "" {
		switch {
		case s[0] == ' ' || s[0] == '\n' || s[0] == '\t':
			if in {
				words = append(words, word.String())
				word.Reset()
			}
			in, s = false, s[1:]
			continue
		case strings.HasPrefix(s, "$'"):
			s = ansiC(&word, s[2:])
		case s[0] == '\'':
			quoted, rest, _ := strings.Cut(s[1:], "'")
			word.WriteString(quoted)
			s = rest
		case s[0] == '"':
			s = doubleQuoted(&word, s[1:])
		case s[0] == '\\' && len(s) > 1:
			word.WriteByte(s[1])
			s = s[2:]
		default:
			word.WriteByte(s[0])
			s = s[1:]
		}
		in = true
	}
	if in {
		words = append(words, word.String())
	}
	return words
}

// doubleQuoted reads up to the closing quote and returns what follows it.
func doubleQuoted(word *strings.Builder, s string) string {
	for s != "" {
		switch {
		case s[0] == '"':
			return s[1:]
		case s[0] == '\\' && len(s) > 1 && strings.IndexByte("\"\\$`", s[1]) >= 0:
			word.WriteByte(s[1])
			s = s[2:]
		default:
			word.WriteByte(s[0])
			s = s[1:]
		}
	}
	return ""
}

var ansiLetters = map[byte]byte{
	'a': '\a', 'b': '\b', 'e': 0x1b, 'E': 0x1b, 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', 'v': '\v',
}

// ansiC reads $'...' up to its closing quote and returns what follows it.
func ansiC(word *strings.Builder, s string) string {
	for s != "" {
		switch {
		case s[0] == '\'':
			return s[1:]
		case s[0] != '\\' || len(s) == 1:
			word.WriteByte(s[0])
			s = s[1:]
		case s[1] >= '0' && s[1] <= '7':
			s = number(word, s[1:], 3, 8)
		case s[1] == 'x':
			s = number(word, s[2:], 2, 16)
		default:
			c, known := ansiLetters[s[1]]
			if !known {
				c = s[1]
			}
			word.WriteByte(c)
			s = s[2:]
		}
	}
	return ""
}

// number reads a byte of at most n digits.
func number(word *strings.Builder, s string, n, base int) string {
	n = min(n, len(s))
	for ; n > 0; n-- {
		if v, err := strconv.ParseUint(s[:n], base, 16); err == nil {
			word.WriteByte(byte(v))
			return s[n:]
		}
	}
	return s
}
