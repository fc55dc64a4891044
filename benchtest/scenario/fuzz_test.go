package scenario

import (
	"io/fs"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"
)

func mapOf(name, data string) fs.FS { return fstest.MapFS{name: {Data: []byte(data)}} }

// FuzzLoad: whatever the bytes, Load ends soon, in a scenario or in an error at
// a place, and what it loads can be linted and generated.
func FuzzLoad(f *testing.F) {
	for _, seed := range []string{
		minimal, laughs(), "a: &a [*a]", "? [a]\n: b", "a: !!binary x", "\t", "--- |\n x\n...\n", "{", "%YAML 9.9\n---\n", "a: 0x_", "<<: {a: b}",
		`{"title": "\ud83d\ude00", "state": [{}], "hosts": null}`, `["\ud800"]`, `{"a": 1e999}`, `"\\\""`,
	} {
		f.Add(seed, true)
		f.Add(seed, false)
	}
	f.Fuzz(func(t *testing.T, data string, asJSON bool) {
		name := "g/a/scenario.yaml"
		if asJSON {
			name = "g/a/scenario.json"
		}
		start := time.Now()
		loaded, problems := Load(mapOf(name, data), LoadOptions{})
		require.Less(t, time.Since(start), 10*atOnce, "a fuzzing machine is busy")
		require.Equal(t, problems.Err() == nil, len(loaded) == 1)
		for _, p := range problems {
			require.Equal(t, name, p.File)
			require.NotEmpty(t, p.Text)
			require.Positive(t, p.Line)
			require.Positive(t, p.Column)
		}
		for _, p := range Lint(loaded, LintOptions{}) {
			require.NotEmpty(t, p.Text)
		}
		_, err := Generate("scenarios", loaded)
		require.NoError(t, err)
	})
}
