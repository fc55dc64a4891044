package cheats

import (
	"os"
	"testing"

	"github.com/benchtest-dev/benchtest/benchtest/helper"
	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/local"
)

// The machines that the tests clone are monitored by this very binary.
func TestMain(m *testing.M) {
	open := func(_, home string) (providers.Provider, error) { return local.New(providers.Options{Home: home}) }
	if code, handled := helper.Run(os.Args[1:], open); handled {
		os.Exit(code)
	}
	os.Exit(m.Run())
}
