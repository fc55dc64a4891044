package isolate_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/benchtest-dev/benchtest/benchtest/engines/isolate"
	"github.com/benchtest-dev/benchtest/providers/bastion"
)

// The test binary is PID 1 of its cells, the ProxyCommand of the bastion, a
// driver that can be killed, and what cheats that no shell can do.
func TestMain(m *testing.M) {
	if code, handled := isolate.Main(os.Args[1:]); handled {
		os.Exit(code)
	}
	if len(os.Args) > 1 {
		if err, handled := act(os.Args[1], os.Args[2:]); handled {
			if err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			os.Exit(0)
		}
	}
	os.Exit(m.Run())
}

func act(part string, args []string) (err error, handled bool) { //nolint:revive // whether there is an error comes second here
	if arg, ok := strings.CutPrefix(part, "-benchtest.dial="); ok {
		return bastion.DialMain(arg, os.Stdin, os.Stdout), true
	}
	parts := map[string]func([]string) error{"-drive": drive, "-ptrace": attach, "-hog": hog, "-open": openMany}
	do := parts[part]
	if do == nil {
		return nil, false
	}
	return do(args), true
}
