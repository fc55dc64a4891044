//go:build !linux

package local

import (
	"errors"

	"github.com/benchtest-dev/benchtest/providers"
)

// New says that this provider needs Linux.
func New(providers.Options) (providers.Provider, error) {
	return nil, errors.New("provider local needs Linux: use -tags lima and -benchtest.provider=lima")
}

// MonitorMain handles nothing where there is no provider local.
func MonitorMain([]string) (handled bool, code int) { return false, 0 }
