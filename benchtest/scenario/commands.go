package scenario

import (
	"regexp"
	"strings"

	"gopkg.in/yaml.v3"
)

// commands are the commands of a step in plain form, from shell and from the
// command tasks of a playbook. It guesses: only lint reads it.
func (s *Scenario) commands(step Step) []string {
	var out []string
	for name := range step.files {
		data, err := readBounded(s.FS, name, maxFile)
		if err != nil {
			continue
		}
		if name != step.Playbook {
			out = append(out, splitShell(string(data))...)
			continue
		}
		if tree, ok := parseTree(data, &report{file: name}); ok {
			out = append(out, playbookCommands(tree)...)
		}
	}
	return out
}

var (
	separator = regexp.MustCompile(`\n|;|&&|\|\|?`)
	// leader is what may stand before a command without being part of it.
	leader = regexp.MustCompile(`^(?:(?:if|then|else|elif|do|while|until|!|sudo(?: -\S+)*|[A-Za-z_]+=\S*) )+`)
)

// splitShell takes a script apart, as far as that can be done without a shell.
func splitShell(script string) []string {
	script = strings.ReplaceAll(script, "\\\n", " ")
	var out []string
	for line := range strings.SplitSeq(script, "\n") {
		if strings.HasPrefix(strings.TrimSpace(line), "#") {
			continue
		}
		for _, part := range separator.Split(line, -1) {
			if c := leader.ReplaceAllString(plainText(part), ""); c != "" {
				out = append(out, c)
			}
		}
	}
	return out
}

// playbookCommands are the values of command-like modules, and the texts that
// other modules write.
func playbookCommands(n *yaml.Node) []string {
	var out []string
	for i, child := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 0 {
			continue
		}
		key := ""
		if n.Kind == yaml.MappingNode {
			name := n.Content[i-1].Value
			key = name[strings.LastIndexByte(name, '.')+1:]
		}
		switch key {
		case "shell", "command", "raw", "cmd", "line", "content", "regexp", "replace", "block":
			if child.Kind == yaml.ScalarNode {
				out = append(out, splitShell(child.Value)...)
				continue
			}
		case "argv":
			var argv []string
			for _, a := range child.Content {
				argv = append(argv, a.Value)
			}
			out = append(out, splitShell(strings.Join(argv, " "))...)
			continue
		}
		out = append(out, playbookCommands(child)...)
	}
	return out
}

var quotes = strings.NewReplacer(`"`, "", `'`, "", "`", "", `\`, "")

// plainText is text without quoting, with single spaces.
func plainText(text string) string { return strings.Join(strings.Fields(quotes.Replace(text)), " ") }

// containsWords reports whether text holds phrase between word boundaries.
func containsWords(text, phrase string) bool {
	const edge = `[^A-Za-z0-9_/-]`
	return regexp.MustCompile(`(?i)(?:^|` + edge + `)` + regexp.QuoteMeta(phrase) + `(?:$|` + edge + `)`).MatchString(text)
}
