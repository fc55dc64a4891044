//go:build host

package benchtest

// Provider host is switched on in this build; it is what a suite with this tag
// alone runs on.
const tagHost = true
