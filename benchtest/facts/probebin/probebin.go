// Package probebin builds the probe.
package probebin

import (
	"context"
	"os"
	"runtime"

	"github.com/benchtest-dev/benchtest/benchtest/facts/guestbin"
)

var probe = guestbin.Command{Name: "probe", Package: "github.com/benchtest-dev/benchtest/benchtest/facts/probe"}

// Open builds the probe for this machine's processor, as guestbin.Command does.
func Open(ctx context.Context, home string) (*os.File, error) {
	return probe.Open(ctx, home, runtime.GOARCH)
}
