package main

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

//go:embed scaffold
var scaffold embed.FS

// lay copies an embedded folder to dir, file by file, and says what it made.
func (e *env) lay(from, dir string, replace *strings.Replacer) error {
	return fs.WalkDir(scaffold, from, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		to := filepath.Join(dir, filepath.FromSlash(strings.TrimSuffix(strings.TrimPrefix(name, from), ".txt")))
		if d.IsDir() {
			return os.MkdirAll(to, 0o755)
		}
		text, err := scaffold.ReadFile(name)
		if err != nil {
			return err
		}
		mode := fs.FileMode(0o644)
		if path.Ext(name) == ".sh" {
			mode = 0o755
		}
		e.printf(e.stdout, "%s\n", to)
		return writeNew(to, replace.Replace(string(text)), mode)
	})
}

// writeNew makes a file; one that is there is an error.
func writeNew(to, text string, mode fs.FileMode) error {
	f, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return fmt.Errorf("make %s: %w", to, err)
	}
	if _, err := f.WriteString(text); err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", to, err), f.Close())
	}
	return f.Close()
}
