package local

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/image"
)

// images are the root file systems that templates without a base are made of.
// What makes them ends with the build.
func (b *build) images() image.Store {
	return image.Store{Dir: filepath.Join(b.p.home, "images"), Log: b.log, Start: b.helpers.start}
}

// bootstrap makes the root file system of a template without a base.
func (b *build) bootstrap(ctx context.Context) error {
	if b.t.Base != nil {
		return nil
	}
	rootfs := b.t
	rootfs.Progress = b.progress
	tar, err := b.images().Rootfs(ctx, rootfs)
	if err != nil {
		return err
	}
	b.progress("unpacking " + filepath.Base(tar))
	cmd := command(ctx, "tar", "--numeric-owner", "--xattrs", "--xattrs-include=*", "--directory", b.rec.Upper, "-xf", tar)
	cmd.Stdout, cmd.Stderr = b.log, b.log
	if err := b.helpers.run(cmd); err != nil {
		return fmt.Errorf("unpack %s: %w", tar, err)
	}
	b.progress("shifting owners")
	return shiftOwners(ctx, b.rec.Upper)
}

// refuse says why this provider cannot have the template, or nil.
func refuse(t providers.Template) error {
	if t.Type == providers.TypeVM {
		return fmt.Errorf("%w: it is of type vm, and provider local makes containers: run it with -tags lima or -tags incus", providers.ErrUnavailable)
	}
	return nil
}
