//go:build !incus

package benchtest

import "github.com/benchtest-dev/benchtest/providers"

const tagIncus = false

// registerIncus registers nothing: the build lacks its tag.
func registerIncus(*providers.Registry) {}
