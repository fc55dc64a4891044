//go:build !linux

package helper

// localHelper has nothing to run: provider local needs Linux.
func localHelper([]string) (handled bool, code int) { return false, 0 }
