package main

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"text/template"
)

//go:embed reference.md.tmpl
var frame string

// A suiteFlag is one -benchtest flag as the flag package prints it.
type suiteFlag struct{ Name, Value, Usage string }

// Variable is the flag's twin in the environment.
func (f suiteFlag) Variable() string {
	return "BENCHTEST_" + strings.ToUpper(strings.ReplaceAll(strings.TrimPrefix(f.Name, "benchtest."), "-", "_"))
}

// A commandHelp is the help of one command.
type commandHelp struct{ Name, Text string }

// render puts what the programs say of themselves into the frame.
func render(flags, commands []byte) ([]byte, error) {
	data := struct {
		Flags    []suiteFlag
		Commands []commandHelp
	}{parseFlags(string(flags)), parseCommands(string(commands))}
	if len(data.Flags) == 0 || len(data.Commands) == 0 {
		return nil, errors.New("the programs say nothing of their flags")
	}
	t, err := template.New("reference").Funcs(template.FuncMap{"cell": cell}).Parse(frame)
	if err != nil {
		return nil, fmt.Errorf("read the frame: %w", err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, data); err != nil {
		return nil, fmt.Errorf("fill the frame: %w", err)
	}
	return b.Bytes(), nil
}

// flagLine is the first of the two lines that the flag package prints of a flag.
var flagLine = regexp.MustCompile(`(?m)^  -(benchtest\.\S+)(?: (.*))?\n    \t(.*)$`)

func parseFlags(text string) []suiteFlag {
	var all []suiteFlag
	for _, m := range flagLine.FindAllStringSubmatch(text, -1) {
		all = append(all, suiteFlag{Name: m[1], Value: m[2], Usage: m[3]})
	}
	return all
}

// commandHead is what help --all prints before each command's own help.
const commandHead = "---- "

func parseCommands(text string) []commandHelp {
	var all []commandHelp
	for i, part := range strings.Split("\n"+text, "\n"+commandHead) {
		name, help, _ := strings.Cut(part, "\n")
		if i > 0 { // before the first is the list of commands
			all = append(all, commandHelp{Name: name, Text: strings.TrimSpace(help)})
		}
	}
	return all
}

// cell is s in a Markdown table.
func cell(s string) string { return strings.NewReplacer("|", `\|`, "<", "&lt;").Replace(s) }

// withoutSettings is env without what would change the defaults that are shown.
func withoutSettings(env []string) []string {
	return slices.DeleteFunc(slices.Clone(env), func(v string) bool { return strings.HasPrefix(v, "BENCHTEST_") })
}
