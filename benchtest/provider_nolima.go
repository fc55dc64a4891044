//go:build !lima

package benchtest

const tagLima = false
