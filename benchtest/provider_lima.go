//go:build lima

package benchtest

// Provider lima is switched on in this build; it is what a suite with this tag
// alone runs on.
const tagLima = true
