package local_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/local"
)

// As a user who may sudo, all other tests of this package go through the
// helper too: go test -c ./providers/local && sudo -u USER ./local.test
func TestElevated(t *testing.T) {
	t.Parallel()
	if os.Geteuid() == 0 {
		t.Skip("this is root: run the tests as an ordinary user who may sudo -n")
	}
	home := t.TempDir() + "/home"
	p, err := local.New(providers.Options{Home: home})
	require.NoError(t, err)
	_, isRoots := p.(*local.Provider)
	assert.False(t, isRoots, "an ordinary user gets a helper")
	infos, err := p.List(t.Context())
	require.NoError(t, err)
	assert.Empty(t, infos)
	info, err := os.Stat(home)
	require.NoError(t, err)
	file, err := os.Create(home + "/mine")
	require.NoError(t, err, "the home is the user's: %v", info.Mode())
	require.NoError(t, file.Close())
}
