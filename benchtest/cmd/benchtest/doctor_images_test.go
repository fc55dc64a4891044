package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A Mac is not at hand: its files are laid out in a directory.
func TestSocketVMNet(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("this makes files of root's: run as root")
	}
	const program, rules, runtime = "opt/socket_vmnet/bin/socket_vmnet", "private/etc/sudoers.d/lima", "private/var/run/lima"
	for _, tc := range []struct {
		name   string
		change func(t *testing.T, root string)
		want   string // "": all is well
	}{
		{"as it must be", func(*testing.T, string) {}, ""},
		{"not copied", func(t *testing.T, root string) {
			t.Helper()
			require.NoError(t, os.Remove(filepath.Join(root, program)))
		}, "/" + program + ": it is not there"},
		{"linked", func(t *testing.T, root string) {
			t.Helper()
			require.NoError(t, os.Remove(filepath.Join(root, program)))
			require.NoError(t, os.Symlink("/opt/homebrew/x", filepath.Join(root, program)))
		}, "/" + program + ": it is a link, which Lima does not follow: copy the file"},
		{"a user's", func(t *testing.T, root string) {
			t.Helper()
			require.NoError(t, os.Lchown(filepath.Join(root, program), 501, 20))
		}, "/" + program + ": it belongs to user 501, not to root"},
		{"anybody's", func(t *testing.T, root string) {
			t.Helper()
			require.NoError(t, os.Chmod(filepath.Join(root, program), 0o777))
		}, "/" + program + ": its mode is -rwxrwxrwx: others than root can change it"},
		{"no sudoers", func(t *testing.T, root string) { t.Helper(); require.NoError(t, os.Remove(filepath.Join(root, rules))) }, "/" + rules + ": it is not there"},
		{"closed directory", func(t *testing.T, root string) {
			t.Helper()
			require.NoError(t, os.Chmod(filepath.Join(root, runtime), 0o755))
		}, "/" + runtime + ": its mode is -rwxr-xr-x, and the group daemon must be able to write to it"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			root := t.TempDir()
			for _, file := range []string{program, rules} {
				require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(root, file)), 0o755))
				require.NoError(t, os.WriteFile(filepath.Join(root, file), nil, 0o755))
			}
			require.NoError(t, os.MkdirAll(filepath.Join(root, runtime), 0o775))
			require.NoError(t, os.Chmod(filepath.Join(root, runtime), 0o775))
			tc.change(t, root)
			var bad []string
			for _, f := range socketVMNet(root) {
				assert.True(t, f.OK, "Lima works without")
				if f.Warning {
					bad = append(bad, f.Detail)
					assert.NotEmpty(t, f.Remedy)
				}
			}
			if tc.want == "" {
				assert.Empty(t, bad)
				return
			}
			assert.Equal(t, []string{tc.want}, bad)
		})
	}
}
