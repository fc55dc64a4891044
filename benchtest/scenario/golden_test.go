package scenario

import (
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// archives runs test on each testdata/DIR/*.txtar: its files as a root, and
// what test returns against the file "want".
func archives(t *testing.T, dir string, test func(t *testing.T, root fs.FS) string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", dir, "*.txtar"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(file)
			require.NoError(t, err)
			root, want := fstest.MapFS{}, ""
			rest := archive.Files[:0:0]
			for _, f := range archive.Files {
				if f.Name == "want" {
					want = string(f.Data)
					continue
				}
				rest = append(rest, f)
				root[f.Name] = &fstest.MapFile{Data: f.Data, Mode: 0o644}
			}
			got := test(t, root)
			if *update {
				rest = append(rest, txtar.File{Name: "want", Data: []byte(got)})
				archive.Files = rest
				require.NoError(t, os.WriteFile(file, txtar.Format(archive), 0o644))
				return
			}
			assert.Equal(t, want, got)
		})
	}
}

// golden compares got with a file of testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(file, got, 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, string(want), string(got))
}

// told is one line a problem, and then one a scenario that loaded.
func told(problems Problems, scenarios []*Scenario) string {
	var b strings.Builder
	for _, p := range problems {
		b.WriteString(p.String() + "\n")
	}
	for _, s := range scenarios {
		b.WriteString("loaded " + s.Key + " as Test_" + s.Group + "/" + s.Name + "\n")
	}
	return b.String()
}
