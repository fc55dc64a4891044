package benchtest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPackagePath(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	deep := filepath.Join(root, "ops", "drills")
	require.NoError(t, os.MkdirAll(deep, 0o755))
	assert.Equal(t, ".", packagePath(deep), "without a module")
	require.NoError(t, os.WriteFile(filepath.Join(root, "go.mod"), nil, 0o644))
	assert.Equal(t, "./ops/drills", packagePath(deep))
	assert.Equal(t, ".", packagePath(root))
	require.NoError(t, os.WriteFile(filepath.Join(root, "ops", "go.mod"), nil, 0o644))
	assert.Equal(t, "./drills", packagePath(deep), "the nearest module is the one")
}
