package main

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/pkg/sftp"
)

// An upload copies files of ours into a guest.
type upload struct{ files *sftp.Client }

// copy copies a file or a tree to a path, or into it where that is a directory.
func (u *upload) copy(from, to string) error {
	info, err := os.Stat(from)
	if err != nil {
		return usageError{err}
	}
	if there, err := u.files.Stat(to); err == nil && there.IsDir() {
		abs, err := filepath.Abs(from)
		if err != nil {
			return err
		}
		to = path.Join(to, filepath.Base(abs))
	}
	if !info.IsDir() {
		return u.file(from, to, info)
	}
	return filepath.WalkDir(from, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, name)
		if err != nil {
			return err
		}
		return u.entry(name, path.Join(to, filepath.ToSlash(rel)), e)
	})
}

// entry copies one thing of a tree; its directory is there.
func (u *upload) entry(from, to string, e fs.DirEntry) error {
	info, err := e.Info()
	if err != nil {
		return err
	}
	switch {
	case e.IsDir():
		if err := u.files.MkdirAll(to); err != nil {
			return fmt.Errorf("make %s: %w", to, err)
		}
		return u.files.Chmod(to, info.Mode().Perm())
	case e.Type()&fs.ModeSymlink != 0:
		target, err := os.Readlink(from)
		if err != nil {
			return err
		}
		_ = u.files.Remove(to) // what is there already, if anything
		return u.files.Symlink(target, to)
	case e.Type().IsRegular():
		return u.file(from, to, info)
	}
	return fmt.Errorf("%s is neither a file nor a directory: %s", from, e.Type())
}

func (u *upload) file(from, to string, info fs.FileInfo) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := u.files.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		return fmt.Errorf("create %s: %w", to, err)
	}
	// The mode first: the content may be secret.
	if err = u.files.Chmod(to, info.Mode().Perm()); err == nil {
		_, err = out.ReadFrom(in)
	}
	if cerr := out.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", to, err)
	}
	return nil
}
