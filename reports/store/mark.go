package store

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/benchtest-dev/benchtest/reports"
)

// markName is a file in a run's directory while a database lacks something of
// the run. It names that database.
const markName = "unstored"

// Expect notes that the database is to have the run in dir. The feeder that
// brings all of it takes the note away.
func Expect(dir string, t Target) error {
	return reports.WriteFile(filepath.Join(dir, markName), 0o600, func(w io.Writer) error {
		_, err := io.WriteString(w, t.String()+"\n")
		return err
	})
}

// confirm takes the note away, if it names this database.
func confirm(dir string, t Target) error {
	if expected(dir) != t.String() {
		return nil
	}
	if err := os.Remove(filepath.Join(dir, markName)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("confirm run: %w", err)
	}
	return nil
}

// expected names the database that lacks something of the run; empty: none.
func expected(dir string) string {
	b, err := os.ReadFile(filepath.Join(dir, markName))
	if err != nil {
		return "" // no mark, or no run any more
	}
	return strings.TrimSuffix(string(b), "\n")
}

// Unstored lists the directories of runs of which the database lacks something,
// those of runs that go on too.
func Unstored(runs string, t Target) []string {
	marks, _ := filepath.Glob(filepath.Join(quoteGlob(runs), "*", markName)) // the pattern is good
	var dirs []string
	for _, m := range marks {
		if dir := filepath.Dir(m); expected(dir) == t.String() {
			dirs = append(dirs, dir)
		}
	}
	return dirs
}

// quoteGlob makes a pattern that matches path alone.
func quoteGlob(path string) string {
	return strings.NewReplacer(`*`, `\*`, `?`, `\?`, `[`, `\[`, `\`, `\\`).Replace(path)
}
