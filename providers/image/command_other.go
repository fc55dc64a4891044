//go:build !linux

package image

import (
	"io/fs"
	"os/exec"
)

func dieWithUs(*exec.Cmd) {}

// trusted: images that root made are a matter of Linux.
func trusted(fs.FileInfo) bool { return false }
