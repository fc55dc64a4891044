package reports

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMatch(t *testing.T) {
	t.Parallel()
	ids := []string{"20260102T030405Z-aaaaaa", "20260102T030405Z-bbbbbb", "20260103T000000Z-aaaaaa", "20260104T000000Z-aaaaaa", "20260104T000000Z-aaaaaabb"}
	for name, c := range map[string]struct {
		ids  []string
		want string
		err  error
		says string
	}{
		"20260103":                {ids, "20260103T000000Z-aaaaaa", nil, ""},
		"20260102T030405Z-b":      {ids, "20260102T030405Z-bbbbbb", nil, ""},
		"20260104T000000Z-aaaaaa": {ids, "20260104T000000Z-aaaaaa", nil, ""},
		"20260102":                {ids, "", ErrAmbiguous, "20260102T030405Z-bbbbbb, 20260102T030405Z-aaaaaa: give more of the ID"},
		"2026":                    {ids, "", ErrAmbiguous, "20260104T000000Z-aaaaaabb, 20260104T000000Z-aaaaaa, 20260103T000000Z-aaaaaa and 2 more"},
		"20260103T000000Z-c":      {ids, "", fs.ErrNotExist, "the nearest are 20260103T000000Z-aaaaaa, 20260104T000000Z-aaaaaabb, 20260104T000000Z-aaaaaa and 2 more"},
		"":                        {ids, "", fs.ErrNotExist, "the nearest are 20260104T000000Z-aaaaaabb"},
		"x":                       {nil, "", fs.ErrNotExist, "or how it alone begins: there is none"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := Match(name, c.ids)
			require.ErrorIs(t, err, c.err)
			assert.Equal(t, c.want, got)
			if c.err != nil {
				assert.ErrorContains(t, err, c.says)
			}
		})
	}
}

func TestRunsDir_IDs(t *testing.T) {
	t.Parallel()
	runs := t.TempDir()
	for _, id := range []string{"20260102T030405Z-aaaaaa", "20260103T000000Z-aaaaaa", "by-hand", ".flushed"} {
		require.NoError(t, os.Mkdir(filepath.Join(runs, id), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(runs, id, EventsFile), nil, 0o600))
	}
	require.NoError(t, os.Mkdir(filepath.Join(runs, "20260104T000000Z-aaaaaa"), 0o755), "no record in it")
	for since, want := range map[time.Time][]string{
		{}: {"20260102T030405Z-aaaaaa", "20260103T000000Z-aaaaaa", "by-hand"},
		time.Date(2026, 1, 3, 0, 0, 0, 5, time.UTC): {"20260103T000000Z-aaaaaa", "by-hand"},
		time.Date(2026, 1, 3, 0, 0, 1, 0, time.UTC): {"by-hand"},
	} {
		ids, err := RunsDir(runs).IDs(t.Context(), since)
		require.NoError(t, err)
		assert.Equal(t, want, ids, "since %s", since)
	}
}
