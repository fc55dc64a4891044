package incus_test

import (
	"os"
	"strings"
	"testing"

	"github.com/benchtest-dev/benchtest/providers/bastion"
)

// What Ansible reaches a guest through is this very binary.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && strings.HasPrefix(os.Args[1], "-benchtest.dial=") {
		if err := bastion.DialMain(strings.TrimPrefix(os.Args[1], "-benchtest.dial="), os.Stdin, os.Stdout); err != nil {
			_, _ = os.Stderr.WriteString(err.Error() + "\n")
			os.Exit(1)
		}
		return
	}
	if spec := os.Getenv(crashEnv); spec != "" {
		crash(spec)
		return
	}
	status := m.Run()
	if err := stopDaemon(); err != nil {
		_, _ = os.Stderr.WriteString("scripts/incus.sh stop: " + err.Error() + "\n")
		status = max(status, 1)
	}
	os.Exit(status)
}
