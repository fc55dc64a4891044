package scenario

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"path"
)

// Bounds of one scenario's directory.
const (
	maxDirBytes = 64 << 20
	maxDirFiles = 10_000
)

// digest lists the files of a scenario's directory and sets its digest: over
// path, executable bit and content of each, in the order of the paths.
func (l *loader) digest(s *Scenario) {
	sum := sha256.New()
	left := int64(maxDirBytes)
	err := fs.WalkDir(s.FS, ".", func(name string, e fs.DirEntry, err error) error {
		r := &report{file: path.Join(s.Dir, name)}
		defer func() { l.problems = append(l.problems, r.list...) }()
		switch {
		case err != nil:
			r.errorf(place{1, 1}, "read directory: %v", cause(err))
			return nil
		case e.IsDir():
			return nil
		}
		s.files = append(s.files, name)
		if len(s.files) > maxDirFiles {
			r.errorf(place{1, 1}, "the scenario's directory holds more than %d files", maxDirFiles)
			return fs.SkipAll
		}
		if err := inside(s.FS, name, e); err != nil {
			r.errorf(place{1, 1}, "%v", err)
			return nil
		}
		n, err := hashFile(sum, s.FS, name, left)
		if left -= n; left < 0 {
			r.errorf(place{1, 1}, "the scenario's directory is larger than %d MiB", maxDirBytes>>20)
			return fs.SkipAll
		}
		if err != nil {
			r.errorf(place{1, 1}, "%v", err)
		}
		return nil
	})
	if err != nil {
		l.problems = append(l.problems, Problem{File: s.Dir, Text: fmt.Sprintf("read directory: %v", cause(err))})
	}
	s.Digest = hex.EncodeToString(sum.Sum(nil))
}

// inside refuses what is no file of the directory's own. A symbolic link may
// point at a file beside it. Since links to directories are refused, the
// target's text tells where it leads.
func inside(fsys fs.FS, name string, e fs.DirEntry) error {
	switch {
	case e.Type().IsRegular():
		return nil
	case e.Type()&fs.ModeSymlink == 0:
		return fmt.Errorf("not a regular file: %s", e.Type())
	}
	target, err := fs.ReadLink(fsys, name)
	if err != nil {
		return fmt.Errorf("read symbolic link: %w", cause(err))
	}
	if path.IsAbs(target) || !fs.ValidPath(path.Join(path.Dir(name), target)) {
		return fmt.Errorf("a symbolic link to %s, which is outside of the scenario's directory", target)
	}
	info, err := fs.Stat(fsys, name)
	switch {
	case err != nil:
		return fmt.Errorf("follow symbolic link: %w", cause(err))
	case !info.Mode().IsRegular():
		return fmt.Errorf("a symbolic link to %s, which is not a regular file", target)
	}
	return nil
}

// hashFile writes one file into sum, and reads at most one byte over limit.
func hashFile(sum io.Writer, fsys fs.FS, name string, limit int64) (int64, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return 0, fmt.Errorf("open file: %w", cause(err))
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return 0, fmt.Errorf("stat file: %w", cause(err))
	}
	if info.Size() > limit {
		return info.Size(), nil
	}
	if _, err := fmt.Fprintf(sum, "%q %t %d\n", name, info.Mode()&0o111 != 0, info.Size()); err != nil {
		return 0, fmt.Errorf("hash file: %w", err)
	}
	n, err := io.Copy(sum, io.LimitReader(f, limit+1))
	if err != nil {
		return n, fmt.Errorf("read file: %w", cause(err))
	}
	return n, nil
}
