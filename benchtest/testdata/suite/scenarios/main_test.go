package scenarios_test

import (
	"testing"

	"github.com/benchtest-dev/benchtest/benchtest"
	"github.com/benchtest-dev/benchtest/benchtest/engines"
	"github.com/benchtest-dev/benchtest/providers"
)

//go:generate go tool benchtest generate

func TestMain(m *testing.M) {
	benchtest.Main(m, benchtest.Config{
		Provider:  "fake",
		Providers: map[string]func(providers.Options) (providers.Provider, error){"fake": newDisk},
		Engines:   []engines.Engine{slow{}},
	})
}

func TestOrdinary(t *testing.T) { t.Log("\x1b[31man ordinary test ran\x1b[0m") }
