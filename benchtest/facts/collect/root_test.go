//go:build linux

package collect

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

func TestRootStaysInside(t *testing.T) {
	t.Parallel()
	outside := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(outside, []byte("outside"), 0o644))
	top := tree(t, map[string]string{
		"etc/real":     "inside",
		"etc/absolute": "->/etc/real",
		"etc/parent":   "->../../../../../../etc/real",
		"etc/escape":   "->" + outside,
		"etc/loop":     "->loop",
		"etc/magic":    "->/proc/self/root/etc/real",
	})
	r, err := OpenRoot(top)
	require.NoError(t, err)
	t.Cleanup(r.Close)
	for _, name := range []string{"/etc/real", "etc/real", "/etc/absolute", "/etc/parent", "/../etc/real"} {
		b, err := r.ReadFile(t.Context(), name, 100)
		require.NoError(t, err, name)
		assert.Equal(t, "inside", string(b), name)
	}
	for _, name := range []string{"/etc/escape", "/etc/loop", "/etc/real/below", "/nope", "/etc/magic"} {
		_, err := r.ReadFile(t.Context(), name, 100)
		require.Error(t, err, name)
		assert.True(t, notThere(err), "%s: %v", name, err)
	}
}

func TestRootRefusesMagicLinks(t *testing.T) {
	t.Parallel()
	r, err := OpenRoot("/")
	require.NoError(t, err)
	t.Cleanup(r.Close)
	_, err = r.ReadFile(t.Context(), "/proc/self/root/proc/version", 1<<16)
	require.ErrorIs(t, err, unix.ELOOP)
	target, err := r.Readlink("/proc/self/exe")
	require.NoError(t, err)
	assert.NotEmpty(t, target)
}

func TestRootNeverHangsOnWhatIsNoFile(t *testing.T) {
	t.Parallel()
	top := tree(t, map[string]string{"dir/": ""})
	require.NoError(t, unix.Mkfifo(filepath.Join(top, "fifo"), 0o644))
	r, err := OpenRoot(top)
	require.NoError(t, err)
	t.Cleanup(r.Close)
	for _, name := range []string{"/fifo", "/dir", "/"} {
		_, err := r.ReadFile(t.Context(), name, 100)
		assert.ErrorIs(t, err, errNotRegular, name)
		_, err = r.Open(name)
		assert.ErrorIs(t, err, errNotRegular, name)
	}
}

func TestReadFileIsBounded(t *testing.T) {
	t.Parallel()
	top := tree(t, map[string]string{"ten": "0123456789"})
	r, err := OpenRoot(top)
	require.NoError(t, err)
	t.Cleanup(r.Close)
	b, err := r.ReadFile(t.Context(), "ten", 10)
	require.NoError(t, err)
	assert.Len(t, b, 10)
	_, err = r.ReadFile(t.Context(), "ten", 9)
	require.ErrorContains(t, err, "larger than 9 bytes")
	_, err = r.ReadFile(t.Context(), "te\x00n", 9)
	require.ErrorIs(t, err, unix.EINVAL)
}
