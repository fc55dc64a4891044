//go:build !linux

package benchtest

import "github.com/benchtest-dev/benchtest/providers"

// registerLocal registers nothing: provider local needs Linux.
func registerLocal(*providers.Registry) {}
