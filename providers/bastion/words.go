package bastion

import "strings"

// argvOf is the argv that a command line stands for. Operators, expansions and
// assignments make it a matter for a shell, and then the whole text is kept.
func argvOf(command string) []string {
	if words, ok := plainWords(command); ok {
		return words
	}
	return []string{"sh", "-c", command}
}

// plainWords splits a command line that is nothing but words and quotes, as a
// POSIX shell would. Patterns (*, ?, [) stay as they were written.
func plainWords(line string) ([]string, bool) {
	var words []string
	rest := line
	for {
		rest = strings.TrimLeft(rest, " \t")
		if rest == "" {
			return words, len(words) > 0
		}
		word, tail, ok := oneWord(rest)
		if !ok || len(words) == 0 && isAssignment(rest) {
			return nil, false
		}
		words = append(words, word)
		rest = tail
	}
}

// oneWord takes the word that s begins with.
func oneWord(s string) (word, rest string, ok bool) {
	if s[0] == '#' {
		return "", "", false
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case ' ', '\t':
			return b.String(), s[i:], true
		case '\'':
			end := strings.IndexByte(s[i+1:], '\'')
			if end < 0 {
				return "", "", false
			}
			b.WriteString(s[i+1 : i+1+end])
			i += end + 1
		case '"':
			n, ok := doubleQuoted(&b, s[i+1:])
			if !ok {
				return "", "", false
			}
			i += n
		case '\\':
			if i++; i == len(s) || s[i] == '\n' {
				return "", "", false
			}
			b.WriteByte(s[i])
		case ';', '&', '|', '<', '>', '(', ')', '$', '`', '\n', '\r', 0:
			return "", "", false
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), "", true
}

// doubleQuoted appends what stands before the closing quote in s and returns
// how much of s that took, the quote included.
func doubleQuoted(b *strings.Builder, s string) (int, bool) {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '"':
			return i + 1, true
		case '$', '`':
			return 0, false
		case '\\':
			if i+1 == len(s) || s[i+1] == '\n' {
				return 0, false
			}
			if strings.IndexByte("$`\"\\", s[i+1]) < 0 {
				b.WriteByte(c) // inside quotes it escapes nothing else
			}
			i++
			b.WriteByte(s[i])
		default:
			b.WriteByte(c)
		}
	}
	return 0, false
}

// isAssignment says whether s begins with NAME=.
func isAssignment(s string) bool {
	name, _, found := strings.Cut(s, "=")
	return found && name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		return r != '_' && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9')
	})
}
