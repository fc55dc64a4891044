package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/pkg/sftp"
)

// What a guest can make us keep in one copy.
const (
	maxDownload = 64 << 30 // bytes
	maxEntries  = 1 << 20
)

// A download copies files out of a guest, whose names and links are not
// trusted: nothing is written outside of the target.
type download struct {
	files   *sftp.Client
	left    int64 // bytes
	entries int
	skipped []string // links that lead out of what is copied
}

// copy copies a file or a tree to a path, or into it where that is a directory.
func (d *download) copy(from, to string) error {
	info, err := d.files.Stat(from)
	if err != nil {
		return usageError{fmt.Errorf("%s: %w", from, err)}
	}
	if there, err := os.Stat(to); err == nil && there.IsDir() {
		if to = filepath.Join(to, path.Base(path.Clean("/"+from))); path.Clean("/"+from) == "/" {
			to = filepath.Dir(to)
		}
	}
	root, err := os.OpenRoot(filepath.Dir(filepath.Clean(to)))
	if err != nil {
		return usageError{err}
	}
	defer root.Close()
	return d.entry(root, from, filepath.Base(to), "", info)
}

// entry copies one thing to name in root; within is its place in the tree.
func (d *download) entry(root *os.Root, from, name, within string, info fs.FileInfo) error {
	if d.entries--; d.entries < 0 {
		return fmt.Errorf("more than %d files: copy a part of them", maxEntries)
	}
	switch {
	case info.IsDir():
		return d.dir(root, from, name, within, info)
	case info.Mode().IsRegular():
		return d.file(root, from, name, info)
	case info.Mode()&fs.ModeSymlink != 0:
		return d.link(root, from, name, within)
	}
	return fmt.Errorf("%s is neither a file nor a directory: %s", from, info.Mode().Type())
}

func (d *download) dir(root *os.Root, from, name, within string, info fs.FileInfo) error {
	err := root.Mkdir(name, 0o700)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	sub, err := root.OpenRoot(name)
	if err != nil {
		return err
	}
	defer sub.Close()
	entries, err := d.files.ReadDir(from)
	if err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	for _, e := range entries {
		n := e.Name()
		if !filepath.IsLocal(n) || strings.ContainsAny(n, "/\x00") || n == "." {
			return fmt.Errorf("%s has an entry %q, which is not a file's name", from, n)
		}
		if err := d.entry(sub, path.Join(from, n), n, path.Join(within, n), e); err != nil {
			return err
		}
	}
	return sub.Chmod(".", info.Mode().Perm()|0o700)
}

func (d *download) file(root *os.Root, from, name string, info fs.FileInfo) (err error) {
	in, err := d.files.Open(from)
	if err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	defer func() { _ = in.Close() }() // read only
	out, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	n, err := io.Copy(out, io.LimitReader(in, d.left+1))
	if d.left -= n; err == nil && d.left < 0 {
		err = fmt.Errorf("more than %d GiB in all: copy a part of it", maxDownload>>30)
	}
	if err == nil {
		err = out.Chmod(info.Mode().Perm())
	}
	if cerr := out.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return errors.Join(fmt.Errorf("%s: %w", from, err), root.Remove(name))
	}
	return nil
}

// link copies a symbolic link that stays within what is copied.
func (d *download) link(root *os.Root, from, name, within string) error {
	target, err := d.files.ReadLink(from)
	if err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	if path.IsAbs(target) || !filepath.IsLocal(path.Join(path.Dir(within), target)) {
		d.skipped = append(d.skipped, from)
		return nil
	}
	if err := root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return root.Symlink(target, name)
}
