package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
)

// The exit statuses of the command.
const (
	exitOK       = 0 // done; warnings too
	exitFindings = 1 // findings or a verdict
	exitUsage    = 2 // bad input or usage
)

// A command is one verb. Its help is data, so that it cannot drift.
type command struct {
	name    string // "template build"
	oldName string // one that still works
	args    string // "[NAME...]"
	summary string
	about   string // what its arguments are, where their names do not say it
	// dashes: a "--" stays among the arguments, since what follows it is another
	// program's.
	dashes bool
	// flags declares the command's flags on fs and returns what runs it.
	flags func(fs *flag.FlagSet) runFunc
}

// A runFunc runs a command with what is left of its arguments.
type runFunc func(ctx context.Context, e *env, args []string) error

// commands lists every verb in the order in which a newcomer meets them.
func commands() []command {
	return []command{
		initCommand(), newCommand(), generateCommand(), lintCommand(), validateCommand(), listCommand(), schemaCommand(), startCommand(), importCommand(), flushCommand(),
		templateList(), templateBuild(), templateDelete(), templateGC(), templateImage(), templateImages(),
		sandboxPrepare(), sandboxRestore(), sandboxCreate(), sandboxDelete(), sandboxList(), sandboxPurge(),
		sandboxSSH(), sandboxShell(), sandboxConfig(), sandboxForward(), sandboxStart(), sandboxStop(), sandboxReset(),
		sandboxCopy(), sandboxClone(), sandboxEdit(), sandboxSave(), snapshotCreate(), snapshotList(), snapshotApply(), snapshotDelete(),
		viewCommand(),
		compareCommand(), flakesCommand(), mergeCommand(), exportCommand(), dialCommand(), doctorCommand(),
	}
}

// errFindings ends a command whose findings are printed already.
var errFindings = errors.New("findings")

// An exitError ends a command with a status of its own, silently.
type exitError int

func (e exitError) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// A usageError is bad input or usage.
type usageError struct{ error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

func (e usageError) Unwrap() error { return e.error }

// run finds the command that args name and runs it.
func (e *env) run(ctx context.Context, args []string) int {
	if slices.Equal(args, []string{"help", "--all"}) {
		return e.helpAll(ctx)
	}
	if len(args) > 0 && args[0] == "help" {
		args = append(slices.Clone(args[1:]), "--help")
	}
	c, rest, ok := find(args)
	if !ok {
		return e.noCommand(args)
	}
	fs := flag.NewFlagSet(c.name, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	do := c.flags(fs)
	rest, err := parse(fs, rest, c.dashes)
	if errors.Is(err, flag.ErrHelp) {
		c.help(e.stdout, fs)
		return exitOK
	}
	if err == nil && c.args == "" && len(rest) > 0 {
		err = fmt.Errorf("%q: it takes no arguments", rest[0])
	}
	if err != nil {
		return e.code(c, usagef("%w: benchtest %s --help shows how it is used", err, c.name))
	}
	return e.code(c, do(ctx, e, rest))
}

// noCommand answers args that name no command: with help where that is asked
// for, of those commands that args begin to name.
func (e *env) noCommand(args []string) int {
	n := 0
	for n < len(args) && len(within(args[:n+1])) > 0 {
		n++
	}
	group := args[:n]
	switch {
	case len(args) == 0, n < len(args) && isHelp(args[n]):
		e.help(e.stdout, group)
		return exitOK
	case n == len(args):
		e.printf(e.stderr, "benchtest: %q is several commands:\n\n", strings.Join(group, " "))
		e.help(e.stderr, group)
		return exitUsage
	}
	lister := strings.Join(append(append([]string{"benchtest"}, group...), "--help"), " ")
	e.printf(e.stderr, "benchtest: unknown command %q: %s lists what there is\n", strings.Join(args[:n+1], " "), lister)
	return exitUsage
}

func isHelp(arg string) bool { return slices.Contains([]string{"help", "-h", "-help", "--help"}, arg) }

// within are the commands whose names go on after words.
func within(words []string) []command {
	return slices.DeleteFunc(commands(), func(c command) bool {
		name := strings.Fields(c.name)
		return len(name) <= len(words) || !slices.Equal(name[:len(words)], words)
	})
}

// code prints err and turns it into an exit status.
func (e *env) code(c command, err error) int {
	if err == nil {
		return exitOK
	}
	if errors.Is(err, errFindings) {
		return exitFindings
	}
	if exit, ok := errors.AsType[exitError](err); ok {
		return int(exit)
	}
	e.printf(e.stderr, "benchtest %s: %v\n", c.name, err)
	if _, ok := errors.AsType[usageError](err); ok {
		return exitUsage
	}
	return exitFindings
}

// find returns the command with the longest name that args begin with.
func find(args []string) (command, []string, bool) {
	for _, words := range []int{3, 2, 1} {
		if len(args) < words {
			continue
		}
		for _, c := range commands() {
			if said := strings.Join(args[:words], " "); c.name == said || c.oldName == said {
				return c, args[words:], true
			}
		}
	}
	return command{}, nil, false
}

// parse reads flags wherever they stand among the arguments, up to "--", which
// is left out unless it is to be kept.
func parse(fs *flag.FlagSet, args []string, keep bool) ([]string, error) {
	var rest []string
	for {
		if err := fs.Parse(args); err != nil {
			return nil, err
		}
		left := fs.Args()
		if n := len(args) - len(left); n > 0 && args[n-1] == "--" {
			if keep {
				rest = append(rest, "--")
			}
			return append(rest, left...), nil
		}
		if len(left) == 0 {
			return rest, nil
		}
		rest = append(rest, left[0])
		args = left[1:]
	}
}

// printf writes for people; that they cannot be reached is no reason to stop.
func (e *env) printf(w io.Writer, format string, args ...any) { _, _ = fmt.Fprintf(w, format, args...) }
