package local

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// newDisk makes the machine's disk: a copy of an empty ext4 of its size, which
// is made once for each size, since copying it takes a third of the time that
// mkfs does.
func newDisk(ctx context.Context, r record, c cgroup) error {
	dir := filepath.Dir(r.DiskImage)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make disk: %w", err)
	}
	empty := filepath.Join(filepath.Dir(dir), "empty-"+strconv.Itoa(r.DiskMiB)+"MiB.img")
	if !exists(empty) {
		// In the machine's own directory, which goes with it should we die.
		tmp := filepath.Join(dir, "empty.img")
		if err := formatDisk(ctx, tmp, r.DiskMiB, c); err != nil {
			return fmt.Errorf("make disk: %w", err)
		}
		if err := os.Rename(tmp, empty); err != nil {
			return fmt.Errorf("make disk: %w", err)
		}
	}
	return copySparse(empty, r.DiskImage)
}

// formatDisk makes an ext4 in a new file.
func formatDisk(ctx context.Context, path string, mib int, c cgroup) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Truncate(int64(mib) << 20); err != nil {
		return err
	}
	// No journal: nobody mounts it after a crash of the host. No reserved
	// blocks: only the host's root could use them.
	cmd := command(ctx, "mkfs.ext4", "-q", "-F", "-O", "^has_journal", "-m", "0",
		"-E", "lazy_itable_init=1,nodiscard,root_owner="+strconv.Itoa(idOffset)+":"+strconv.Itoa(idOffset), path)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := c.run(cmd); err != nil {
		return fmt.Errorf("mkfs.ext4: %w: %s", err, out.Bytes())
	}
	return nil
}

// copySparse makes dst a copy of src that takes no more room than it: by
// reflink where the file system can, else by copying what is not a hole.
func copySparse(src, dst string) error {
	in, err := os.Open(src)
	if err != nil {
		return fmt.Errorf("copy disk: %w", err)
	}
	defer in.Close()
	out, err := os.OpenFile(dst, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("copy disk: %w", err)
	}
	defer out.Close()
	if unix.IoctlFileClone(int(out.Fd()), int(in.Fd())) == nil {
		return out.Close()
	}
	info, err := in.Stat()
	if err != nil {
		return fmt.Errorf("copy disk: %w", err)
	}
	if err := out.Truncate(info.Size()); err != nil {
		return fmt.Errorf("copy disk: %w", err)
	}
	for off := int64(0); ; {
		data, err := in.Seek(off, unix.SEEK_DATA)
		if errors.Is(err, unix.ENXIO) { // no data from here on
			return out.Close()
		}
		if err != nil {
			return fmt.Errorf("copy disk: %w", err)
		}
		if off, err = in.Seek(data, unix.SEEK_HOLE); err != nil {
			return fmt.Errorf("copy disk: %w", err)
		}
		w := io.NewOffsetWriter(out, data)
		if _, err := io.Copy(w, io.NewSectionReader(in, data, off-data)); err != nil {
			return fmt.Errorf("copy disk: %w", err)
		}
	}
}

// mountImage mounts the ext4 in image on target. The loop device belongs to
// the mount: the kernel frees it at the unmount, or here if this fails.
func mountImage(image, target string) error {
	dev, err := attachLoop(image)
	if err != nil {
		return err
	}
	defer dev.Close()
	if err := os.MkdirAll(target, 0o700); err != nil {
		return fmt.Errorf("mount disk: %w", err)
	}
	// noinit_itable: no kernel thread that zeroes inode tables of a throw-away disk.
	if err := unix.Mount(dev.Name(), target, "ext4", unix.MS_NODEV|unix.MS_NOATIME, "noinit_itable"); err != nil {
		return fmt.Errorf("mount disk %s: %w", dev.Name(), err)
	}
	return nil
}

// attachLoop binds image to a free loop device. Closing the device frees it
// unless it has been mounted.
func attachLoop(image string) (*os.File, error) {
	ctl, err := os.OpenFile("/dev/loop-control", os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("attach loop device: %w", err)
	}
	defer ctl.Close()
	img, err := os.OpenFile(image, os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("attach loop device: %w", err)
	}
	defer img.Close()
	config := unix.LoopConfig{Fd: uint32(img.Fd()), Info: unix.LoopInfo64{Flags: unix.LO_FLAGS_AUTOCLEAR}}
	copy(config.Info.File_name[:len(config.Info.File_name)-1], image) // for losetup's reader
	for {
		n, err := unix.IoctlRetInt(int(ctl.Fd()), unix.LOOP_CTL_GET_FREE)
		if err != nil {
			return nil, fmt.Errorf("attach loop device: %w", err)
		}
		dev, err := openLoop(n)
		if err != nil {
			return nil, fmt.Errorf("attach loop device: %w", err)
		}
		err = unix.IoctlLoopConfigure(int(dev.Fd()), &config)
		if err == nil {
			return dev, nil
		}
		dev.Close()
		if !errors.Is(err, unix.EBUSY) { // busy: somebody else was faster
			return nil, fmt.Errorf("attach loop device: %w", err)
		}
	}
}

// openLoop opens loop device n, and makes its node where no devtmpfs does.
func openLoop(n int) (*os.File, error) {
	path := "/dev/loop" + strconv.Itoa(n)
	if !exists(path) {
		const loopMajor = 7
		err := unix.Mknod(path, unix.S_IFBLK|0o600, int(unix.Mkdev(loopMajor, uint32(n))))
		if err != nil && !errors.Is(err, os.ErrExist) {
			return nil, err
		}
	}
	return os.OpenFile(path, os.O_RDWR, 0)
}
