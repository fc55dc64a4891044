package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// help prints the commands of a group, a line each; of no group, all.
func (e *env) help(w io.Writer, group []string) {
	prefix := strings.Join(append([]string{"benchtest"}, group...), " ")
	if len(group) == 0 {
		e.printf(w, "benchtest makes, checks and looks after operations scenarios, templates and machines.\n\n")
	}
	e.printf(w, "Usage: %s COMMAND [ARGUMENTS]\n\n", prefix)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, c := range within(group) {
		e.printf(t, "  %s\t%s\n", strings.TrimSpace(c.name+" "+c.args), c.summary)
	}
	_ = t.Flush() // as in printf
	if len(group) == 0 {
		e.printf(w, "\nDIR is the package that holds the scenarios; by default the current folder, else ./scenarios.\n"+
			"Long flags take one dash or two. Exit status: 0 done, 1 findings or a verdict, 2 bad input or usage.\n"+
			"The scenarios themselves run under go test.\n")
	}
	e.printf(w, "\n%s COMMAND --help tells more", prefix)
	if len(group) == 0 {
		e.printf(w, ", help --all everything")
	}
	e.printf(w, ".\n")
}

// helpAll prints the list of the commands and the help of each.
func (e *env) helpAll(ctx context.Context) int {
	e.help(e.stdout, nil)
	for _, c := range commands() {
		e.printf(e.stdout, "\n---- %s\n", c.name)
		if code := e.run(ctx, append(strings.Fields(c.name), "--help")); code != exitOK {
			return code
		}
	}
	return exitOK
}

// help prints one command with its flags.
func (c command) help(w io.Writer, fs *flag.FlagSet) {
	p := func(format string, args ...any) { _, _ = fmt.Fprintf(w, format, args...) }
	var flags []*flag.Flag
	fs.VisitAll(func(f *flag.Flag) { flags = append(flags, f) })
	if len(flags) == 0 {
		p("%s.\n\nUsage: benchtest %s\n", c.summary, strings.TrimSpace(c.name+" "+c.args))
		return
	}
	p("%s.\n\nUsage: benchtest %s\n", c.summary, strings.TrimSpace(c.name+" [FLAGS] "+c.args))
	if c.about != "" {
		p("%s\n", c.about)
	}
	p("\nFlags:\n")
	short := map[string]string{}
	for _, f := range flags {
		if long, same := strings.CutPrefix(f.Usage, sameAs); same {
			short[long] += "-" + f.Name + ", "
		}
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, f := range flags {
		if strings.HasPrefix(f.Usage, sameAs) {
			continue
		}
		value, usage := flag.UnquoteUsage(f)
		dashes := "--"
		if len(f.Name) == 1 {
			dashes = "-"
		}
		if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "0" && f.DefValue != "0s" {
			usage += " (default " + f.DefValue + ")"
		}
		_, _ = fmt.Fprintf(t, "  %s\t%s\n", strings.TrimSpace(short[f.Name]+dashes+f.Name+" "+value), usage)
	}
	_ = t.Flush()
}

// sameAs begins the usage of a flag that is short for another.
const sameAs = "the same as --"
