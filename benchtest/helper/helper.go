// Package helper runs a process as one of benchtest's own helpers. They are
// the running binary started again, a test binary or the command: the far end
// of a ProxyCommand, PID 1 of an engine's cell, the janitor, the monitor of a
// sandbox, and the provider's hands when we are not root.
package helper

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/benchtest-dev/benchtest/benchtest/engines/isolate"
	"github.com/benchtest-dev/benchtest/fixtures"
	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/bastion"
)

// Run answers when args, without the program's name, ask for a helper; the
// caller then exits with code. It is called before any flag is read. open
// makes the provider that the janitor purges with.
func Run(args []string, open func(name, home string) (providers.Provider, error)) (code int, handled bool) {
	if len(args) == 0 {
		return 0, false
	}
	if arg, ok := strings.CutPrefix(args[0], "-benchtest.dial="); ok {
		return dial(arg, os.Stdin, os.Stdout, os.Stderr), true
	}
	if code, handled := isolate.Main(args); handled {
		return code, true
	}
	if handled, code := localHelper(args); handled {
		return code, true
	}
	handled, code = fixtures.JanitorMain(append([]string{os.Args[0]}, args...), open)
	if handled && isolate.Sweep() != nil {
		code = 1 // what is left is booked: the next run clears it
	}
	return code, handled
}

func dial(arg string, in io.Reader, out, errs io.Writer) int {
	if err := bastion.DialMain(arg, in, out); err != nil {
		_, _ = fmt.Fprintln(errs, "benchtest:", err)
		return 1
	}
	return 0
}
