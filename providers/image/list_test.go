package image_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/image"
)

func TestListAndRemove(t *testing.T) {
	t.Parallel()
	s := image.Store{Dir: filepath.Join(t.TempDir(), "images")}
	infos, err := s.List()
	require.NoError(t, err)
	assert.Empty(t, infos)
	used := image.Uses(small)
	require.NoError(t, s.Remove(t.Context(), used[0]), "what is not there is removed")

	staging := filepath.Join(s.Dir, ".staging-"+used[1])
	require.NoError(t, os.MkdirAll(staging, 0o755))
	for _, name := range append(used, "notes.txt", "rootfs.tar") {
		require.NoError(t, os.WriteFile(filepath.Join(s.Dir, name), []byte("x"), 0o600))
	}
	infos, err = s.List()
	require.NoError(t, err)
	var names []string
	for _, i := range infos {
		names = append(names, i.Name)
	}
	assert.ElementsMatch(t, used, names, "nothing but images")
	require.NoError(t, s.Remove(t.Context(), used[1]))
	assert.NoFileExists(t, filepath.Join(s.Dir, used[1]))
	swept, err := s.Sweep()
	require.NoError(t, err)
	assert.Equal(t, used[1:2], swept)
	assert.NoDirExists(t, staging)
	for _, name := range []string{"notes.txt", "../images/" + used[0], ".", ""} {
		require.ErrorContains(t, s.Remove(t.Context(), name), "not an image's name")
	}
}

func TestUses(t *testing.T) {
	t.Parallel()
	layer := providers.Template{Name: "layer", Base: &small, Packages: []string{"nginx"}}
	assert.Equal(t, image.Uses(small), image.Uses(layer), "a layer stands on its base's images")
	other := small
	other.Packages = []string{"curl"}
	assert.NotEqual(t, image.Uses(small), image.Uses(other))
	larger := small
	larger.DiskMiB *= 2
	assert.Equal(t, 1, differences(image.Uses(small), image.Uses(larger)), "only a disk has a size")
	for _, name := range image.Uses(small) {
		assert.True(t, image.IsImage(name), name)
	}
}

func differences(a, b []string) (n int) {
	for i := range a {
		if a[i] != b[i] {
			n++
		}
	}
	return n
}
