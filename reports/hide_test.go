package reports

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/reports/redact"
)

// What is hidden is in no file of a run, and its evidence is still whole.
func TestHide(t *testing.T) {
	t.Parallel()
	const secret = `hunter2"\nS3CRET`
	r, err := NewRun(t.TempDir(), "one")
	require.NoError(t, err)
	r.Hide(redact.New([]string{secret}))
	var head string
	for i := range 2 { // the second directory was made ahead
		d, err := r.AttemptDir("a/b", i+1)
		require.NoError(t, err)
		for _, piece := range []string{"it is hun", "ter2\"", `\nS3CRET`, " indeed"} {
			_, err = d.Transcript().Write([]byte(piece))
			require.NoError(t, err)
		}
		log, err := d.Log("attempt")
		require.NoError(t, err)
		_, err = log.Write([]byte("said " + secret))
		require.NoError(t, err)
		require.NoError(t, d.WriteJob(rules.Job{Plan: "use " + secret}))
		require.NoError(t, d.WriteSnapshot(facts.Snapshot{Host: secret, Checkpoint: facts.After}))
		head, err = d.Seal()
		require.NoError(t, err)
		evidence, err := ReadEvidence(os.DirFS(d.Path), head, nil)
		require.NoError(t, err)
		assert.Equal(t, "use "+redact.Mark, evidence.Job.Plan)
		text, err := os.ReadFile(filepath.Join(d.Path, transcriptName))
		require.NoError(t, err)
		assert.Equal(t, "it is "+redact.Mark+" indeed", string(text))
	}
	require.NoError(t, r.Log.Append(Event{Kind: RunFinished, Reason: secret}))
	require.NoError(t, r.Close())
	files := 0
	require.NoError(t, filepath.WalkDir(r.Dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		files++
		text, err := os.ReadFile(path)
		assert.NotContains(t, string(text), "S3CRET", path)
		return err
	}))
	assert.Greater(t, files, 10)
}
