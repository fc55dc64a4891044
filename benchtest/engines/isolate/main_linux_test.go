package isolate_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/benchtest-dev/benchtest/benchtest/engines/isolate"
	"github.com/benchtest-dev/benchtest/providers/bastion"
)

// The test binary is PID 1 of its cells, and the ProxyCommand of the bastion.
func TestMain(m *testing.M) {
	if code, handled := isolate.Main(os.Args[1:]); handled {
		os.Exit(code)
	}
	if len(os.Args) == 2 {
		if arg, ok := strings.CutPrefix(os.Args[1], "-benchtest.dial="); ok {
			if err := bastion.DialMain(arg, os.Stdin, os.Stdout); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			os.Exit(0)
		}
	}
	os.Exit(m.Run())
}
