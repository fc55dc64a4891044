//go:build incus

package benchtest

import (
	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/incus"
)

// Provider incus is switched on in this build; it is what a suite with this tag
// alone runs on.
const tagIncus = true

// registerIncus links provider incus.
func registerIncus(r *providers.Registry) { r.Register("incus", incus.New) }
