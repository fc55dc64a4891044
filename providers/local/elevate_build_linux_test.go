package local

import (
	"context"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/providers"
)

// Of a build whose client died, the helper itself leaves nothing: the client's
// janitor may have come before it let go of the template's lock.
func TestElevatedBuild_clientGone(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("the helper is root: run the tests as root")
	}
	p, err := newProvider(providers.Options{Home: t.TempDir(), Run: "elevated"})
	require.NoError(t, err)
	if err := p.Check(t.Context()); err != nil {
		t.Skipf("this machine cannot run provider local; mend it and run again: %v", err)
	}
	packed, err := pack(providers.Template{Name: "gone", Suite: "bookworm", Packages: []string{"systemd"}, VCPU: 1, MemoryMiB: 512, DiskMiB: 512}, true)
	require.NoError(t, err)
	ctx, gone := context.WithCancel(t.Context())
	began := false
	call := &elevatedCall{p: p, request: request{Method: "build", Template: packed}, progress: func(string) {
		began = true
		assert.NotEmpty(t, staged(t, p), "it is in the making")
		gone()
	}}
	_, err = call.do(ctx)
	require.ErrorIs(t, err, context.Canceled)
	assert.True(t, began)
	assert.Empty(t, staged(t, p))
}

// staged names what of templates is in the making.
func staged(t *testing.T, p *Provider) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(p.templates())
	require.NoError(t, err)
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names
}
