package benchtest

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// stampFile keeps the go command from caching a suite: tests open it, so that
// it is an input of theirs, and Main rewrites it at exit, so that the input is
// too new to cache (go 1.26: younger than two seconds). A stat would not be
// enough. The directory is ignored by git through its own .gitignore.
const stampFile = ".benchtest/stamp"

// writeStamp renews the stamp below dir, a directory of the module.
func writeStamp(dir string, now time.Time) error {
	path := filepath.Join(dir, stampFile)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("write stamp: %w", err)
	}
	ignore := filepath.Join(filepath.Dir(path), ".gitignore")
	if _, err := os.Lstat(ignore); err != nil {
		if err := os.WriteFile(ignore, []byte("*\n"), 0o644); err != nil {
			return fmt.Errorf("write stamp: %w", err)
		}
	}
	if err := os.WriteFile(path, []byte(strconv.FormatInt(now.UnixNano(), 10)+"\n"), 0o644); err != nil {
		return fmt.Errorf("write stamp: %w", err)
	}
	return nil
}

// readStamp makes the stamp an input of the test that calls it.
func readStamp(dir string) {
	if f, err := os.Open(filepath.Join(dir, stampFile)); err == nil {
		f.Close()
	}
}
