package main

import (
	"bytes"
	"context"
	"regexp"

	"golang.org/x/crypto/ssh"

	"github.com/benchtest-dev/benchtest/providers"
)

// terminalName is safe in a command line and a path.
var terminalName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9+._-]*$`)

// everyGuestKnows is a terminal that Debian's ncurses-base describes.
const everyGuestKnows = "xterm-256color"

// guestTerminal is the name under which the guest knows our terminal. One that
// it does not know is described to it, for that user; where that fails it is
// the nearest that every guest knows.
func (e *env) guestTerminal(ctx context.Context, client *ssh.Client, access providers.Access) string {
	name, _ := e.lookup("TERM")
	if name == "" {
		return "xterm"
	}
	if !terminalName.MatchString(name) {
		return everyGuestKnows
	}
	run := func(line string, stdin []byte) error {
		ses, err := client.NewSession()
		if err != nil {
			return err
		}
		defer ses.Close()
		stop := context.AfterFunc(ctx, func() { _ = ses.Close() })
		defer stop()
		ses.Stdin = bytes.NewReader(stdin)
		_, line = access.StartLine("exec", line)
		return ses.Run(line)
	}
	if run("infocmp "+name+" >/dev/null 2>&1", nil) == nil {
		return name
	}
	if description, err := program(ctx, "infocmp", "-x", name).Output(); err == nil && run("tic -x - >/dev/null 2>&1", description) == nil {
		return name
	}
	e.printf(e.stderr, "the guest does not know the terminal %s, and takes it for %s\r\n", name, everyGuestKnows)
	return everyGuestKnows
}
