package main

import (
	"io"
	"path/filepath"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/reports/store"
)

// Everything goes when somebody types yes, and nothing for any other word.
func TestFlushAllAsks(t *testing.T) {
	t.Parallel()
	const id = "20260102T030405Z-aaaaaa"
	for name, c := range map[string]struct {
		typed string
		gone  bool
	}{
		"yes":               {"yes\n", true},
		"yes with spaces":   {"  yes \n", true},
		"y":                 {"y\n", false},
		"in capitals":       {"YES\n", false},
		"nothing":           {"\n", false},
		"the end of input":  {"\x04", false},
		"yes, and not sent": {"yes\x04\x04", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			home := t.TempDir()
			ended(t, home, id, map[string]rules.Outcome{"a/1": rules.Passed})
			target, err := store.ParseTarget("", home)
			require.NoError(t, err)
			db, err := store.Open(t.Context(), target)
			require.NoError(t, err)
			defer func() { require.NoError(t, db.Close()) }()
			_, err = store.Import(t.Context(), db, filepath.Join(home, "runs", id))
			require.NoError(t, err)

			keyboard, tty, err := pty.Open()
			require.NoError(t, err)
			defer keyboard.Close()
			defer tty.Close()
			_, err = io.WriteString(keyboard, c.typed) // the terminal keeps it until it is read
			require.NoError(t, err)
			e, stdout, stderr := comparer(home)
			e.stdin = tty
			code := e.run(t.Context(), []string{"flush", "--all"})
			assert.Contains(t, stderr.String(), "remove everything from "+target.String()+", and the records of its runs? Type yes: ")

			left, err := db.IDs(t.Context(), time.Time{})
			require.NoError(t, err)
			if c.gone {
				assert.Equal(t, exitOK, code, stderr.String())
				assert.Contains(t, stdout.String(), "removed: benchmarks 1, attempts 1, directories 1\n")
				assert.Empty(t, left)
				assert.NoDirExists(t, filepath.Join(home, "runs", id))
				return
			}
			assert.Equal(t, exitFindings, code)
			assert.Contains(t, stderr.String(), "nothing was removed")
			assert.Equal(t, []string{id}, left)
			assert.DirExists(t, filepath.Join(home, "runs", id))
		})
	}
}
