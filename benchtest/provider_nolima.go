//go:build !lima

package benchtest

import "github.com/benchtest-dev/benchtest/providers"

const tagLima = false

// registerLima registers nothing: without its tag, lima is not in the build.
func registerLima(*providers.Registry) {}
