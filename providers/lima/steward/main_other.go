//go:build !linux

// Command steward serves the driver inside a guest, which runs Linux.
package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "steward: it runs in a guest, under Linux")
	os.Exit(1)
}
