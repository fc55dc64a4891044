//go:build incus

package benchtest

// Provider incus is switched on in this build; it is what a suite with this tag
// alone runs on.
const tagIncus = true
