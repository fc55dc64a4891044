package engines

import (
	"fmt"
	"regexp"
	"strconv"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

// traceStart is a BASH_ENV file: bash reads it before a script. It opens a
// descriptor of its own for xtrace, so that the script's streams stay what they
// are, and hides itself from bash started below. The nonce in PS4 marks where
// a record begins, which may have several lines.
func traceStart(trace, nonce string) string {
	return fmt.Sprintf("exec {BASH_XTRACEFD}>>'%s'\nPS4='+%s $EPOCHREALTIME '\nunset BASH_ENV\nset -x\n", trace, nonce)
}

// parseTrace returns the commands in an xtrace that traceStart began, in order.
// What is the shell's own (assignments, loops, tests) is no command.
func parseTrace(trace, nonce, host string) []rules.Command {
	// bash repeats the first character of PS4 once a level of nesting. The radix
	// of EPOCHREALTIME is the locale's.
	start := regexp.MustCompile(`(?m)^\++` + regexp.QuoteMeta(nonce) + ` (\d+)[.,](\d{6}) `)
	marks := start.FindAllStringSubmatchIndex(trace, -1)
	var commands []rules.Command
	for i, m := range marks {
		end := len(trace)
		if i+1 < len(marks) {
			end = marks[i+1][0]
		}
		argv := splitTrace(trace[m[1]:end])
		if !isCommand(argv) {
			continue
		}
		commands = append(commands, rules.Command{
			Argv: argv, Host: host, Evidence: rules.Observed, At: epoch(trace[m[2]:m[3]], trace[m[4]:m[5]]),
		})
	}
	return commands
}

// assignment is how a shell's NAME=value and NAME[i]+=value begin.
var assignment = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*(\[.*\])?\+?=`)

// shellsOwn begin records of what has no effect outside the shell. A bare exec,
// whose redirections xtrace does not show, is such a one too.
var shellsOwn = map[string]bool{
	"for": true, "case": true, "select": true, "[[": true, "((": true, "[": true, "test": true, ":": true,
	"set": true, "true": true, "false": true, "exit": true, "return": true, "local": true, "declare": true, "shift": true,
}

func isCommand(argv []string) bool {
	if len(argv) == 0 || shellsOwn[argv[0]] || len(argv) == 1 && argv[0] == "exec" {
		return false
	}
	for _, w := range argv {
		if !assignment.MatchString(w) {
			return true
		}
	}
	return false
}

// epoch is a time of seconds and microseconds, as digits.
func epoch(sec, micro string) time.Time {
	us, err := strconv.ParseInt(sec+micro, 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}
