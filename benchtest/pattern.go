package benchtest

import (
	"flag"
	"fmt"
	"regexp"
	"strings"
)

// A pattern is -run or -skip as package testing reads it: alternatives split
// by |, levels split by /, each level an unanchored regular expression.
type pattern [][]*regexp.Regexp

// parsePattern follows testing's own matcher: separators inside brackets or
// parentheses do not count, and spaces in names are underscores.
func parsePattern(s string) (pattern, error) {
	if s == "" {
		return nil, nil
	}
	var p pattern
	for _, alternative := range splitOutside(s, '|') {
		var levels []*regexp.Regexp
		for _, level := range splitOutside(alternative, '/') {
			re, err := regexp.Compile(strings.ReplaceAll(level, " ", "_"))
			if err != nil {
				return nil, fmt.Errorf("read pattern %q: %w", s, err)
			}
			levels = append(levels, re)
		}
		p = append(p, levels)
	}
	return p, nil
}

// matches reports whether a test with these names, one a level, runs: every
// level that both have must match.
func (p pattern) matches(names ...string) bool {
	if len(p) == 0 {
		return true
	}
	for _, levels := range p {
		if matchLevels(levels, names) {
			return true
		}
	}
	return false
}

// covers reports whether the pattern as a -skip would leave a test out: all
// of its levels must match.
func (p pattern) covers(names ...string) bool {
	for _, levels := range p {
		if len(levels) <= len(names) && matchLevels(levels, names) {
			return true
		}
	}
	return false
}

func matchLevels(levels []*regexp.Regexp, names []string) bool {
	for i, re := range levels {
		if i < len(names) && !re.MatchString(names[i]) {
			return false
		}
	}
	return true
}

// splitOutside splits s at sep where no bracket or parenthesis is open.
func splitOutside(s string, sep byte) []string {
	var parts []string
	brackets, parens, start := 0, 0, 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\':
			i++
		case c == '[':
			brackets++
		case c == ']':
			brackets = max(0, brackets-1)
		case c == '(' && brackets == 0:
			parens++
		case c == ')' && brackets == 0:
			parens--
		case c == sep && brackets == 0 && parens == 0:
			parts = append(parts, s[start:i])
			start = i + 1
		}
	}
	return append(parts, s[start:])
}

// onlyGoTests reports whether a -run pattern can only mean ordinary Go tests:
// it begins with Test and a capital letter.
func onlyGoTests(run string) bool {
	run = strings.TrimLeft(run, "^(")
	rest, ok := strings.CutPrefix(run, "Test")
	return ok && rest != "" && rest[0] >= 'A' && rest[0] <= 'Z'
}

// onlyBenchmarks reports whether the go command was asked for benchmarks or
// fuzzing, where -run '^$' leaves out the tests on purpose.
func onlyBenchmarks(fs *flag.FlagSet) bool {
	return flagValue(fs, "test.bench") != "" || flagValue(fs, "test.fuzz") != ""
}
