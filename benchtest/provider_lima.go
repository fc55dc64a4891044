//go:build lima

package benchtest

import (
	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/lima"
)

// Provider lima is switched on in this build; it is what a suite with this tag
// alone runs on.
const tagLima = true

// registerLima links provider lima.
func registerLima(r *providers.Registry) { r.Register("lima", lima.New) }
