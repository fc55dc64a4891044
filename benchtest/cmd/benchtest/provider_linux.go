package main

import (
	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/local"
)

func registerLocal(r *providers.Registry) { r.Register("local", local.New) }
