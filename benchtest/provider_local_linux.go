package benchtest

import (
	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/local"
)

// registerLocal links provider local, which needs no tag and no daemon.
func registerLocal(r *providers.Registry) { r.Register("local", local.New) }
