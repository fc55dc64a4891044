package image

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/benchtest-dev/benchtest/providers"
)

// A shape is what a source turns out to be.
type shape string

const (
	directory shape = "directory"
	tarball   shape = "tarball"
	qcow2     shape = "qcow2"
)

// open finds a source on this machine, or downloads it, and looks what it is.
// It must still be what it was when its template was loaded.
func (s Store) open(ctx context.Context, src providers.Source) (string, shape, error) {
	path := src.Path
	if src.Image != "" {
		return "", "", fmt.Errorf("base %s is an image of Incus, which provider incus alone can use: give a file, a URL or a release", src.Image)
	}
	if path == "" {
		var err error
		if path, err = s.Fetch(ctx, src.URL, src.Sum); err != nil {
			return "", "", err
		}
	} else if now, err := Digest(src); err != nil {
		return "", "", err
	} else if src.Digest != "" && now != src.Digest {
		return "", "", fmt.Errorf("%s has changed since it was looked at: try again", path)
	}
	what, err := shapeOf(path)
	return path, what, err
}

func shapeOf(path string) (shape, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return "", err
	case info.IsDir():
		return directory, nil
	}
	header := make([]byte, 512)
	n, err := io.ReadFull(f, header)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	header = header[:n]
	if bytes.HasPrefix(header, []byte("QFI\xfb")) {
		return qcow2, checkQcow2(path, header)
	}
	if _, ok := unpackOption(header); !ok {
		return "", fmt.Errorf("%s is neither a tarball nor a qcow2: convert another disk image with qemu-img convert -O qcow2", path)
	}
	return tarball, nil
}

// checkQcow2 refuses an image that would read other files of the host.
func checkQcow2(path string, header []byte) error {
	if len(header) < 104 {
		return fmt.Errorf("%s is cut off", path)
	}
	const externalData = 1 << 2
	version, backing := binary.BigEndian.Uint32(header[4:]), binary.BigEndian.Uint64(header[8:])
	if backing != 0 || version >= 3 && binary.BigEndian.Uint64(header[72:])&externalData != 0 {
		return fmt.Errorf("%s refers to another file: make it whole with qemu-img convert -O qcow2", path)
	}
	return nil
}

// unpackOption is what tar must be told of a tarball; false: it is none.
func unpackOption(header []byte) (string, bool) {
	for magic, option := range map[string]string{
		"\x1f\x8b": "--gzip", "\xfd7zXZ\x00": "--xz", "\x28\xb5\x2f\xfd": "--zstd", "BZh": "--bzip2",
	} {
		if bytes.HasPrefix(header, []byte(magic)) {
			return option, true
		}
	}
	return "--no-auto-compress", len(header) > 262 && string(header[257:262]) == "ustar"
}
