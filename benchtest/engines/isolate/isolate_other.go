//go:build !linux

package isolate

import (
	"context"
	"errors"
	"runtime"
)

func lacking(context.Context, string) string {
	return "the driver runs " + runtime.GOOS + ", not Linux"
}

func open(Config) (*Cell, error) { return nil, errors.ErrUnsupported }

func sweep(string) error { return nil }

// Main has nothing to run: programs are confined on Linux only.
func Main([]string) (code int, handled bool) { return 0, false }
