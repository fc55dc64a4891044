package scenario

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// WriteGenerated makes content the GeneratedFile in dir, and reports whether
// that is, or with check would be, a change. With check nothing is written.
// Identical bytes are not written again, so that the go command's cache and
// editors see no change; a change is whole or absent, never half.
func WriteGenerated(dir string, content []byte, check bool) (changed bool, err error) {
	file := filepath.Join(dir, GeneratedFile)
	old, err := os.ReadFile(file)
	switch {
	case err == nil && bytes.Equal(old, content):
		return false, nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return false, fmt.Errorf("read table: %w", err)
	case check:
		return true, nil
	}
	tmp, err := os.CreateTemp(dir, ".scenarios_gen_*")
	if err != nil {
		return false, fmt.Errorf("create table: %w", err)
	}
	defer func() { _ = os.Remove(tmp.Name()) }() // gone already when all went well
	_, err = tmp.Write(content)
	if err = errors.Join(err, tmp.Chmod(0o644), tmp.Close()); err != nil {
		return false, fmt.Errorf("write table: %w", err)
	}
	if err := os.Rename(tmp.Name(), file); err != nil {
		return false, fmt.Errorf("replace table: %w", err)
	}
	return true, nil
}
