//go:build !linux

package suite

import "syscall"

// maxResident is in bytes.
func maxResident(u *syscall.Rusage) int64 { return u.Maxrss }
