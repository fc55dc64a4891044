package image

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"github.com/benchtest-dev/benchtest/providers"
)

// hashOf is the hash of a checksum "sha256:HEX" or "sha512:HEX", or of "".
func hashOf(sum string) (name string, h hash.Hash) {
	if strings.HasPrefix(sum, "sha512:") {
		return "sha512:", sha512.New()
	}
	return "sha256:", sha256.New()
}

// Sum is the checksum of a file: "sha256:HEX", or what want begins with. It is
// an error that want, if it is not empty, is another one.
func Sum(path, want string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	kind, h := hashOf(want)
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return verify(path, kind+hex.EncodeToString(h.Sum(nil)), want)
}

func verify(what, sum, want string) (string, error) {
	if want != "" && sum != want {
		return "", fmt.Errorf("%s has the checksum %s, not %s: it is another file, or damaged", what, sum, want)
	}
	return sum, nil
}

// Digest is 64 hex digits over a source's content. Of one to be downloaded,
// its checksum stands for that, and of an image of Incus its name.
func Digest(src providers.Source) (string, error) {
	h := sha256.New()
	if src.Image != "" {
		_, _ = io.WriteString(h, src.Image) // a hash never fails to write
		return hex.EncodeToString(h.Sum(nil)), nil
	}
	if src.URL != "" {
		_, _ = io.WriteString(h, src.Sum)
		return hex.EncodeToString(h.Sum(nil)), nil
	}
	info, err := os.Stat(src.Path)
	if err != nil {
		return "", err
	}
	if info.IsDir() {
		err = digestTree(src.Path, h)
	} else {
		var sum string
		sum, err = Sum(src.Path, src.Sum)
		_, _ = io.WriteString(h, sum)
	}
	return hex.EncodeToString(h.Sum(nil)), err
}

// digestTree is over all that a root file system is but times.
func digestTree(dir string, h hash.Hash) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	return fs.WalkDir(root.FS(), ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("%w: only who can read all of it can use it: run as root, or make a tarball of it", err)
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		uid, gid := ownerOf(info)
		_, _ = fmt.Fprintf(h, "%d:%s %v %d %d %d\n", len(name), name, info.Mode(), uid, gid, sizeOf(info))
		switch {
		case info.Mode()&fs.ModeSymlink != 0:
			target, err := root.Readlink(name)
			_, _ = fmt.Fprintf(h, "%d:%s\n", len(target), target)
			return err
		case info.Mode().IsRegular():
			f, err := root.Open(name)
			if err != nil {
				return err
			}
			defer f.Close()
			_, err = io.Copy(h, f)
			return err
		}
		return nil
	})
}

func ownerOf(info fs.FileInfo) (uid, gid uint32) {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return st.Uid, st.Gid
	}
	return 0, 0
}

// sizeOf is of a file; a directory's is the file system's affair.
func sizeOf(info fs.FileInfo) int64 {
	if !info.Mode().IsRegular() {
		return 0
	}
	return info.Size()
}

// bytesOf is what a file takes on disk, holes not counted.
func bytesOf(info fs.FileInfo) int64 {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return st.Blocks * 512
	}
	return info.Size()
}
