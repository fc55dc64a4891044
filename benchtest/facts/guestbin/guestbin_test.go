package guestbin_test

import (
	"debug/elf"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/facts/guestbin"
)

var probe = guestbin.Command{Name: "probe", Package: "github.com/benchtest-dev/benchtest/benchtest/facts/probe"}

func TestOpenBuildsOneStaticBinary(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	files := make([]*os.File, 3)
	errs := make([]error, len(files))
	var wg sync.WaitGroup
	for i := range files {
		wg.Go(func() { files[i], errs[i] = probe.Open(t.Context(), home, runtime.GOARCH) })
	}
	wg.Wait()
	for i, f := range files {
		require.NoError(t, errs[i])
		defer f.Close()
		assert.Equal(t, files[0].Name(), f.Name(), "the same content has the same name")
	}
	_, err := files[0].WriteString("x")
	require.Error(t, err, "the binary must be open for reading only")

	binary, err := elf.NewFile(files[0])
	require.NoError(t, err)
	libs, err := binary.ImportedLibraries()
	require.NoError(t, err)
	assert.Empty(t, libs, "the binary must be static")

	kept, err := filepath.Glob(filepath.Join(home, "cache", "probe-linux-*"))
	require.NoError(t, err)
	assert.Len(t, kept, 1)
	left, err := filepath.Glob(filepath.Join(home, "cache", "tmp-*"))
	require.NoError(t, err)
	assert.Empty(t, left)
}

func TestOpenForNamesWhatTheCompilerSays(t *testing.T) {
	t.Parallel()
	_, err := probe.Open(t.Context(), t.TempDir(), "abacus")
	require.ErrorContains(t, err, "linux/abacus")
}

func TestOpenWithoutGo(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := probe.Open(t.Context(), t.TempDir(), runtime.GOARCH)
	require.ErrorContains(t, err, "install Go")
}

func TestOpenOutsideAModule(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("GOFLAGS", "-mod=mod")
	t.Setenv("GOPROXY", "off")
	home := t.TempDir()
	_, err := probe.Open(t.Context(), home, runtime.GOARCH)
	require.ErrorContains(t, err, "build probe in the module of the current directory")
	kept, err := filepath.Glob(filepath.Join(home, "cache", "probe-linux-*"))
	require.NoError(t, err)
	assert.Empty(t, kept)
}

func TestOpenReplacesWhatWasRemoved(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	first, err := probe.Open(t.Context(), home, runtime.GOARCH)
	require.NoError(t, err)
	defer first.Close()
	require.NoError(t, os.Remove(first.Name()))
	second, err := probe.Open(t.Context(), home, runtime.GOARCH)
	require.NoError(t, err)
	defer second.Close()
	a, err := io.ReadAll(first)
	require.NoError(t, err)
	b, err := io.ReadAll(second)
	require.NoError(t, err)
	assert.Equal(t, len(a), len(b))
}
