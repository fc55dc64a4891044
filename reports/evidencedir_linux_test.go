package reports

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// A pipe in the place of a file holds nobody up.
func TestReadAttempt_pipe(t *testing.T) {
	t.Parallel()
	for _, name := range []string{chainName, "facts/held.jsonl"} {
		dir, head := filled(t)
		path := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.Remove(path))
		require.NoError(t, syscall.Mkfifo(path, 0o600))
		a := Attempt{Dir: filepath.Base(dir)}
		a.Digests.Evidence = head
		_, err := wantsAll(t).ReadAttempt(filepath.Dir(dir), &a)
		require.ErrorIs(t, err, ErrEvidence)
	}
}
