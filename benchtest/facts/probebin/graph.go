package probebin

// A user's go.sum covers what the user's packages import. The probe is a main
// package, which nobody can import, so its libraries are named here.
import (
	_ "github.com/benchtest-dev/benchtest/benchtest/facts/collect"
	_ "github.com/benchtest-dev/benchtest/benchtest/facts/join"
)
