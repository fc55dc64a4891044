//go:build !host

package benchtest

import "github.com/benchtest-dev/benchtest/providers"

const tagHost = false

// registerHost registers nothing: the build lacks its tag.
func registerHost(*providers.Registry) {}
