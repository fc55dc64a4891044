package suite

import "syscall"

// maxResident is in bytes; Linux counts KiB.
func maxResident(u *syscall.Rusage) int64 { return u.Maxrss << 10 }
