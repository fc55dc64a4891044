package rules

import (
	"path"
	"slices"
	"strings"
)

// maxUnwrap bounds how many wrappers (sudo env timeout sh -c ...) are taken off.
const maxUnwrap = 8

// programs lists what a command really runs: what sudo and its like hand on,
// and each command of a shell script. The program's directory is dropped.
func programs(c Command) [][]string {
	if len(c.Argv) == 1 && strings.ContainsAny(c.Argv[0], " \t\n;") {
		return unwrapScript(c.Argv[0], maxUnwrap)
	}
	return unwrap(c.Argv, maxUnwrap)
}

func unwrapScript(script string, depth int) [][]string {
	var all [][]string
	if depth == 0 {
		return nil
	}
	for _, argv := range simpleCommands(script) {
		all = append(all, unwrap(argv, depth-1)...)
	}
	return all
}

func unwrap(argv []string, depth int) [][]string {
	for len(argv) > 0 && depth > 0 {
		depth--
		argv = skipKeywords(argv)
		if len(argv) == 0 {
			return nil
		}
		name := path.Base(argv[0])
		if isShell(name) {
			if script, ok := shellScript(argv); ok {
				return unwrapScript(script, depth)
			}
		}
		if name == "eval" {
			return unwrapScript(strings.Join(argv[1:], " "), depth)
		}
		valued, isWrapper := wrapper(name)
		if !isWrapper {
			return [][]string{append([]string{name}, argv[1:]...)}
		}
		argv = skipOptions(argv[1:], valued)
		if name == "timeout" && len(argv) > 0 {
			argv = argv[1:] // the duration
		}
	}
	if len(argv) == 0 {
		return nil
	}
	return [][]string{argv}
}

// skipKeywords drops the shell's words and assignments before a command.
func skipKeywords(argv []string) []string {
	keywords := []string{"if", "then", "else", "elif", "while", "until", "do", "!", "time"}
	for len(argv) > 0 && (slices.Contains(keywords, argv[0]) || isAssignment(argv[0])) {
		argv = argv[1:]
	}
	return argv
}

func isAssignment(word string) bool {
	name, _, ok := strings.Cut(word, "=")
	return ok && name != "" && strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") == ""
}

func isShell(name string) bool {
	return slices.Contains([]string{"sh", "bash", "dash", "ash", "zsh", "ksh"}, name)
}

// shellScript is the argument of -c.
func shellScript(argv []string) (string, bool) {
	for i, a := range argv[1:] {
		switch {
		case !strings.HasPrefix(a, "-"):
			return "", false
		case !strings.HasPrefix(a, "--") && strings.Contains(a, "c") && i+2 < len(argv):
			return argv[i+2], true
		}
	}
	return "", false
}

// wrapper reports whether a program runs the rest of its arguments, and which
// of its short options take a value.
func wrapper(name string) (valued string, ok bool) {
	switch name {
	case "sudo":
		return "ughpCrtTUDR", true
	case "doas":
		return "uC", true
	case "env":
		return "uCS", true
	case "nice":
		return "n", true
	case "ionice":
		return "cnp", true
	case "timeout":
		return "ks", true
	case "stdbuf":
		return "ioe", true
	case "nohup", "setsid", "exec", "command", "builtin":
		return "", true
	}
	return "", false
}

// skipOptions drops a wrapper's options and assignments.
func skipOptions(argv []string, valued string) []string {
	for len(argv) > 0 {
		a := argv[0]
		switch {
		case a == "--":
			return argv[1:]
		case isAssignment(a):
		case len(a) < 2 || a[0] != '-':
			return argv
		case a[1] != '-' && strings.IndexByte(valued, a[len(a)-1]) >= 0 && len(a) == 2 && len(argv) > 1:
			argv = argv[1:]
		}
		argv = argv[1:]
	}
	return nil
}
