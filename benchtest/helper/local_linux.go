package helper

import "github.com/benchtest-dev/benchtest/providers/local"

// localHelper runs the helpers of provider local.
func localHelper(args []string) (handled bool, code int) { return local.MonitorMain(args) }
