package reports

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

// wantsAll is a reader that wants all facts.
func wantsAll(t *testing.T) *EvidenceReader {
	t.Helper()
	r := &EvidenceReader{Decoder: &Decoder{Want: func(string) bool { return true }}}
	t.Cleanup(r.Close)
	return r
}

// However many directories stay open, each attempt is read from its own.
func TestReadAttempt_manyDirectories(t *testing.T) {
	t.Parallel()
	from, head := filled(t)
	_, otherHead := filled(t)
	r := wantsAll(t)
	for _, run := range []string{t.TempDir(), t.TempDir()} {
		for i := range maxOpen + 2 {
			a := Attempt{Dir: "attempts/disk/" + strconv.Itoa(i) + "/i1"}
			require.NoError(t, os.CopyFS(filepath.Join(run, filepath.FromSlash(a.Dir)), os.DirFS(from)))
			a.Digests.Evidence = head
			e, err := r.ReadAttempt(run, &a)
			require.NoError(t, err)
			assert.Equal(t, rules.Success, e.Job.Resolution)
			require.LessOrEqual(t, len(r.run.parents), maxOpen)

			a.Digests.Evidence = otherHead
			_, err = r.ReadAttempt(run, &a)
			require.ErrorIs(t, err, ErrEvidence)
		}
	}
}

// An attempt's directory is one of the run's, whatever the record says.
func TestReadAttempt_outside(t *testing.T) {
	t.Parallel()
	from, head := filled(t)
	run := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(run, "attempts"), 0o700))
	require.NoError(t, os.Symlink(from, filepath.Join(run, "attempts", "link")))
	require.NoError(t, os.Symlink(filepath.Dir(from), filepath.Join(run, "attempts", "parent")))
	r := wantsAll(t)
	for _, dir := range []string{"", "..", "attempts/../..", "attempts/link", "attempts/parent/" + filepath.Base(from), from, "attempts/none"} {
		a := Attempt{Dir: dir}
		a.Digests.Evidence = head
		_, err := r.ReadAttempt(run, &a)
		require.ErrorIs(t, err, ErrEvidence, dir)
	}
}
