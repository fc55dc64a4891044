//go:build !linux

// Command probe runs on Linux only; this one says so.
package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "probe: this program runs on Linux only")
	os.Exit(1)
}
