package image_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

// oncePerContent skips a test of minutes that has passed on this machine with
// these very sources.
func oncePerContent(t *testing.T) {
	t.Helper()
	cache, err := os.UserCacheDir()
	require.NoError(t, err)
	stamp := filepath.Join(cache, "benchtest-test", "passed", t.Name()+"-"+sources(t))
	if _, err := os.Stat(stamp); err == nil {
		t.Skipf("it has passed here with these very sources, and takes minutes: remove %s to run it again", stamp)
	}
	t.Cleanup(func() {
		if t.Failed() || t.Skipped() {
			return
		}
		require.NoError(t, os.MkdirAll(filepath.Dir(stamp), 0o700))
		require.NoError(t, os.WriteFile(stamp, nil, 0o600))
	})
}

// sources is a digest of what makes images, and of its tests.
func sources(t *testing.T) string {
	t.Helper()
	sum := sha256.New()
	_, _ = sum.Write([]byte(runtime.Version()))
	for _, pattern := range []string{"*", "../guest/*", "../template.go"} {
		names, err := filepath.Glob(pattern)
		require.NoError(t, err)
		require.NotEmpty(t, names)
		for _, name := range names {
			info, err := os.Stat(name)
			require.NoError(t, err)
			if info.IsDir() {
				continue
			}
			b, err := os.ReadFile(name)
			require.NoError(t, err)
			_, _ = sum.Write([]byte(name + "\x00"))
			_, _ = sum.Write(b)
		}
	}
	return hex.EncodeToString(sum.Sum(nil)[:8])
}
