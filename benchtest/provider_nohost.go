//go:build !host

package benchtest

const tagHost = false
