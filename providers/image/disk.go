package image

import (
	"context"
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"

	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/guest"
)

var (
	//go:embed disk.sh
	diskScript string
	//go:embed fill.sh
	fillScript string
	//go:embed complete.sh
	completeScript string
)

// diskPackages are what a machine with a disk of its own needs beside those of
// any machine, and its kernel.
var diskPackages = []string{"cloud-guest-utils", "cloud-init", "e2fsprogs", "ifupdown", "iproute2", "isc-dhcp-client", "kmod", "udev"}

// Disk returns the path of a bootable qcow2 with what Rootfs has, a kernel and
// cloud-init, which takes its data from a volume called cidata (NoCloud). It
// boots by BIOS, has one ext4 partition and t.DiskMiB of virtual size, and is
// to be read by everybody and written by nobody. To make one takes root; one
// that is there serves everybody. Who cannot make one gets the distribution's
// own image, and who has a disk for a base gets that: neither has t's packages
// or our users, which guest.Provision brings.
func (s Store) Disk(ctx context.Context, t providers.Template) (string, error) {
	path, err := s.disk(ctx, t)
	if err != nil {
		return "", fmt.Errorf("make disk of %s: %w", t.Name, err)
	}
	return path, nil
}

func (s Store) disk(ctx context.Context, t providers.Template) (string, error) {
	if t.Base != nil {
		return "", fmt.Errorf("it stands on %s: ask for that one's", t.Base.Name)
	}
	if t.Source != nil {
		return s.sourceDisk(ctx, t)
	}
	d := distributionOf(t.Suite)
	b := bootstrap{distribution: d, packages: diskPackagesOf(t, d), setup: guest.SetupScript + diskScript}
	path, err := s.ensure(ctx, diskName(t), func(ctx context.Context, tmp, out string) error {
		if err := CheckDisk(); err != nil {
			return err
		}
		progress(t, fmt.Sprintf("bootstrapping %s with a kernel and %s", d, few(t.Packages)))
		b.tmp, b.out = filepath.Join(tmp, "bootstrap"), filepath.Join(tmp, "root.tar")
		if err := os.Mkdir(b.tmp, 0o755); err != nil {
			return err
		}
		if err := s.bootstrap(ctx, b); err != nil {
			return err
		}
		progress(t, "writing a disk of it")
		return s.fillDisk(ctx, b.out, tmp, t.DiskMiB, out)
	})
	if !errors.Is(err, errNotHere) {
		return path, err
	}
	path, upErr := s.upstreamDisk(ctx, t)
	if upErr != nil {
		return "", errors.Join(upErr, err)
	}
	return path, nil
}

// sourceDisk is a user's own disk as it is, or one made of a root file system
// that has a kernel.
func (s Store) sourceDisk(ctx context.Context, t providers.Template) (string, error) {
	path, what, err := s.open(ctx, *t.Source)
	if err != nil || what == qcow2 {
		return path, err
	}
	return s.ensure(ctx, diskName(t), func(ctx context.Context, tmp, out string) error {
		if err := CheckDisk(); err != nil {
			return err
		}
		work, rootfs := filepath.Join(tmp, "work"), filepath.Join(tmp, "root.tar")
		if err := os.Mkdir(work, 0o755); err != nil {
			return err
		}
		if err := s.completeSource(ctx, t, guest.SetupScript+diskScript, work, rootfs); err != nil {
			return err
		}
		progress(t, "writing a disk of it")
		return s.fillDisk(ctx, rootfs, tmp, t.DiskMiB, out)
	})
}

// diskName is made of all that goes into a disk.
func diskName(t providers.Template) string {
	parts := []string{guest.SetupScript, diskScript, guest.CleanupScript, fillScript, strconv.Itoa(t.DiskMiB)}
	if t.Source != nil {
		return imageName("disk", "own", ".qcow2", slices.Concat(parts, []string{completeScript, t.Source.Digest}, t.Packages))
	}
	return imageName("disk", t.Suite, ".qcow2", append(parts, diskPackagesOf(t, distributionOf(t.Suite))...))
}

func diskPackagesOf(t providers.Template, d distribution) []string {
	return packagesOf(t, slices.Concat(diskPackages, d.kernel)...)
}

// errNotHere says that a disk cannot be made on this machine or by this user.
var errNotHere = errors.New("a disk cannot be made")

// CheckDisk says what is missing here to make a disk, and how to get it.
func CheckDisk() error {
	if arch != "amd64" || runtime.GOOS != "linux" {
		return fmt.Errorf("%w on %s/%s, but on linux/amd64: give the template a base that is a disk image (qcow2)", errNotHere, runtime.GOOS, arch)
	}
	if os.Geteuid() != 0 {
		return fmt.Errorf("%w by an ordinary user: sudo scripts/images.sh NAME puts it in %s for everybody", errNotHere, SystemDir)
	}
	var errs []error
	for program, pkg := range map[string]string{"qemu-img": "qemu-utils", "extlinux": "extlinux", "mkfs.ext4": "e2fsprogs"} {
		if _, err := exec.LookPath(program); err != nil {
			errs = append(errs, fmt.Errorf("no %s: apt-get install %s", program, pkg))
		}
	}
	return errors.Join(errs...)
}

// fillDisk makes a qcow2 of a root file system that has its kernel.
func (s Store) fillDisk(ctx context.Context, rootfs, tmp string, sizeMiB int, out string) error {
	raw, mountpoint := filepath.Join(tmp, "raw"), filepath.Join(tmp, "mnt")
	if err := writeMBR(raw, sizeMiB); err != nil {
		return err
	}
	if err := os.Mkdir(mountpoint, 0o755); err != nil {
		return err
	}
	for _, argv := range [][]string{
		{"mkfs.ext4", "-q", "-F", "-L", "benchtest", "-m", "1", "-E", "offset=" + strconv.Itoa(partitionStart), raw, strconv.Itoa(sizeMiB-partitionStart>>20) + "M"},
		{"unshare", "--mount", "--pid", "--fork", "--kill-child=KILL", "/bin/sh", "-c", fillScript, "fill", raw, rootfs, mountpoint},
		{"qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw, out},
	} {
		if err := s.run(command(ctx, argv[0], argv[1:]...)); err != nil {
			return err
		}
	}
	return nil
}

// Of a disk: fill.sh knows where its partition begins too.
const (
	partitionStart = 1 << 20
	sector         = 512
)

// bootCodes are where distributions keep the code of a master boot record that
// starts the active partition.
var bootCodes = []string{"/usr/lib/EXTLINUX/mbr.bin", "/usr/lib/syslinux/mbr/mbr.bin", "/usr/share/syslinux/mbr.bin"}

// writeMBR makes a raw disk that boots its one partition.
func writeMBR(path string, sizeMiB int) error {
	var code []byte
	for _, name := range bootCodes {
		var err error
		if code, err = os.ReadFile(name); err == nil {
			break
		}
	}
	if len(code) == 0 || len(code) > 440 {
		return fmt.Errorf("no boot code in %s: apt-get install extlinux", bootCodes[0])
	}
	record := make([]byte, sector)
	copy(record, code)
	entry := record[446:]
	entry[0], entry[4] = 0x80, 0x83 // active; Linux
	copy(entry[1:4], "\xfe\xff\xff")
	copy(entry[5:8], "\xfe\xff\xff") // by sector number, not by cylinder and head
	binary.LittleEndian.PutUint32(entry[8:], partitionStart/sector)
	binary.LittleEndian.PutUint32(entry[12:], uint32(sizeMiB<<20/sector-partitionStart/sector))
	record[510], record[511] = 0x55, 0xaa
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Truncate(int64(sizeMiB)<<20), writeAt(f, record)); err != nil {
		return errors.Join(err, f.Close())
	}
	return f.Close()
}

func writeAt(f *os.File, b []byte) error {
	_, err := f.WriteAt(b, 0)
	return err
}
