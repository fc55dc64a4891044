package suite_test

import (
	"testing"

	"github.com/benchtest-dev/benchtest/benchtest"
)

func TestMain(m *testing.M) { benchtest.Main(m, benchtest.Config{}) }
