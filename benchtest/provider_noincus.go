//go:build !incus

package benchtest

const tagIncus = false
