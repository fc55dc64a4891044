package incus

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Where no Incus is, nothing is listed and nothing swept; one that does not
// answer is an error.
func TestAbsent(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	dead := filepath.Join(dir, "dead")
	require.NoError(t, os.WriteFile(dead, nil, 0o600))
	for _, tc := range []struct {
		name string
		r    remote
		fail bool
	}{
		{"no socket", remote{socket: filepath.Join(dir, "none")}, false},
		{"a socket that nobody listens at", remote{socket: dead}, true},
		{"a remote that cannot be reached", remote{url: "https://127.0.0.1:1"}, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			tc.r.outage = &outage{}
			p := &Provider{server: server{remote: tc.r}, home: dir, env: func(string) string { return "" }}
			list, err := p.List(t.Context())
			assert.Equal(t, tc.fail, err != nil, "%v", err)
			assert.Empty(t, list)
			swept, err := p.Sweep(t.Context())
			assert.Equal(t, tc.fail, err != nil, "%v", err)
			assert.Empty(t, swept)
		})
	}
}
