//go:build !linux

package main

import "github.com/benchtest-dev/benchtest/providers"

// registerLocal registers nothing: provider local needs Linux.
func registerLocal(*providers.Registry) {}
