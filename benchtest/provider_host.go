//go:build host

package benchtest

import (
	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/host"
)

// Provider host is switched on in this build; it is what a suite with this tag
// alone runs on.
const tagHost = true

// registerHost links provider host.
func registerHost(r *providers.Registry) { r.Register("host", host.New) }
