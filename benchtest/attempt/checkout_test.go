package attempt

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestCheckoutOf: what holds the reference fixes, in every form that a
// checkout has.
func TestCheckoutOf(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		files    map[string]string
		checkout string
		stores   []string
	}{
		{"no checkout", map[string]string{"a/scenarios/x": ""}, "a/scenarios", nil},
		{"a module", map[string]string{"a/go.mod": "", "a/scenarios/x": ""}, "a", nil},
		{"a module in a repository", map[string]string{"a/.git/HEAD": "", "a/b/go.mod": "", "a/b/scenarios/x": ""}, "a", nil},
		{
			"a linked worktree",
			map[string]string{"a/.git": "gitdir: TOP/main/.git/worktrees/a\n", "a/b/scenarios/x": "", "main/.git/worktrees/a/commondir": "../..\n"},
			"a",
			[]string{"main/.git/worktrees/a", "main/.git"},
		},
		{"a submodule", map[string]string{"a/.git": "gitdir: ../store/a", "a/scenarios/x": "", "store/a/HEAD": ""}, "a", []string{"store/a"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			top := t.TempDir()
			for name, text := range tt.files {
				path := filepath.Join(top, name)
				require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
				require.NoError(t, os.WriteFile(path, []byte(strings.ReplaceAll(text, "TOP", top)), 0o600))
			}
			dir := filepath.Join(top, "a", "scenarios")
			if _, err := os.Stat(dir); err != nil {
				dir = filepath.Join(top, "a", "b", "scenarios")
			}
			checkout := checkoutOf(dir)
			assert.Equal(t, filepath.Join(top, tt.checkout), checkout)
			var stores []string
			for _, s := range tt.stores {
				stores = append(stores, filepath.Join(top, s))
			}
			assert.Equal(t, stores, gitStores(checkout))
		})
	}
}
