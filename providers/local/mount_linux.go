package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// mountRoot puts the machine's root file system together at its directory.
func mountRoot(r record) error {
	d := dirOf(r.ID)
	if err := os.MkdirAll(d.root(), 0o755); err != nil {
		return fmt.Errorf("mount root: %w", err)
	}
	if len(r.Layers) == 0 {
		if err := unix.Mount(r.Upper, d.root(), "", unix.MS_BIND, ""); err != nil {
			return fmt.Errorf("mount root %s: %w", r.Upper, err)
		}
		return nil
	}
	upper, work := r.Upper, r.Upper+".work"
	if upper == "" {
		if err := mountImage(r.DiskImage, d.disk()); err != nil {
			return err
		}
		upper, work = filepath.Join(d.disk(), "upper"), filepath.Join(d.disk(), "work")
		// The mark of a volatile mount keeps the next one out: on purpose, since
		// what a crash took is gone. Whoever mounts a disk again knows that.
		if err := os.RemoveAll(filepath.Join(work, "work", "incompat")); err != nil {
			return fmt.Errorf("mount root: %w", err)
		}
	}
	for _, p := range []string{upper, work} {
		if err := os.MkdirAll(p, 0o755); err != nil {
			return fmt.Errorf("mount root: %w", err)
		}
	}
	// The upper directory is the guest's /.
	if err := os.Lchown(upper, idOffset, idOffset); err != nil {
		return fmt.Errorf("mount root: %w", err)
	}
	return mountOverlay(r.Layers, upper, work, d.root(), r.Upper == "")
}

// mountOverlay mounts one. A volatile one never waits for the disk, which a
// throw-away layer need not; kernels before 5.10 do not know the option.
func mountOverlay(lower []string, upper, work, target string, volatile bool) error {
	escape := strings.NewReplacer(`\`, `\\`, `:`, `\:`, `,`, `\,`)
	layers := make([]string, len(lower))
	for i, l := range lower {
		layers[i] = escape.Replace(l)
	}
	options := "lowerdir=" + strings.Join(layers, ":") + ",upperdir=" + escape.Replace(upper) + ",workdir=" + escape.Replace(work)
	if volatile && unix.Mount("overlay", target, "overlay", 0, options+",volatile") == nil {
		return nil
	}
	if err := unix.Mount("overlay", target, "overlay", 0, options); err != nil {
		return fmt.Errorf("mount overlay %s: %w (kernel log: dmesg | tail)", options, err)
	}
	return nil
}

// unmountTree takes away whatever is mounted at the machine's directories.
// What is busy is given until ctx's end and then detached, so that nothing is
// left that a second Destroy would trip over.
func unmountTree(ctx context.Context, d dir) error {
	if err := unmountShares(d); err != nil {
		return err
	}
	for _, target := range []string{d.root(), d.disk()} {
		for exists(target) {
			err := unix.Unmount(target, unix.UMOUNT_NOFOLLOW)
			if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOENT) {
				break // nothing is mounted there (any more)
			}
			if errors.Is(err, unix.EBUSY) {
				select {
				case <-time.After(5 * time.Millisecond):
					continue
				case <-ctx.Done():
					err = unix.Unmount(target, unix.UMOUNT_NOFOLLOW|unix.MNT_DETACH)
				}
			}
			if err != nil {
				return fmt.Errorf("unmount %s: %w", target, err)
			}
		}
	}
	return nil
}
