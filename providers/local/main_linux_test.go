package local_test

import (
	"os"
	"strings"
	"testing"

	"github.com/benchtest-dev/benchtest/providers/bastion"
	"github.com/benchtest-dev/benchtest/providers/local"
)

// The machines that the tests clone are monitored by this very binary.
func TestMain(m *testing.M) {
	if handled, code := local.MonitorMain(os.Args[1:]); handled {
		os.Exit(code)
	}
	// What Ansible reaches a guest through is this binary too.
	if len(os.Args) == 2 && strings.HasPrefix(os.Args[1], "-benchtest.dial=") {
		if err := bastion.DialMain(strings.TrimPrefix(os.Args[1], "-benchtest.dial="), os.Stdin, os.Stdout); err != nil {
			_, _ = os.Stderr.WriteString(err.Error() + "\n")
			os.Exit(1)
		}
		return
	}
	if spec := os.Getenv(cloneAndWait); spec != "" {
		waitAfterClone(spec)
		return
	}
	if spec := os.Getenv(buildAndTell); spec != "" {
		buildUntilKilled(spec)
		return
	}
	os.Exit(m.Run())
}
