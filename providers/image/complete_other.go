//go:build !linux

package image

import (
	"context"
	"errors"
)

func (s Store) complete(context.Context, string, shape, string, []string, string, string) error {
	return errors.New("a root file system is made a machine on Linux only: give the template a base that is a disk image (qcow2), or copy the image from a Linux machine")
}
