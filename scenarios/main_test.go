package scenarios_test

import (
	"testing"

	"github.com/benchtest-dev/benchtest/benchtest"
)

//go:generate go tool benchtest generate

func TestMain(m *testing.M) { benchtest.Main(m, benchtest.Config{}) }
