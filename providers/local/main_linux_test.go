package local_test

import (
	"os"
	"testing"

	"github.com/benchtest-dev/benchtest/providers/local"
)

// The machines that the tests clone are monitored by this very binary.
func TestMain(m *testing.M) {
	if handled, code := local.MonitorMain(os.Args[1:]); handled {
		os.Exit(code)
	}
	os.Exit(m.Run())
}
