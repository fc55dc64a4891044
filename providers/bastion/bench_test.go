package bastion_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/bastion"
	"github.com/benchtest-dev/benchtest/providers/bastion/bastiontest"
)

// What the bastion adds to one command, against the same guest without it.
func BenchmarkExec(b *testing.B) {
	guest := bastiontest.Start(b)
	w, err := bastion.Start(b.Context(), bastion.Config{
		Dir:    filepath.Join(b.TempDir(), "bastion"),
		Binary: "/bin/true",
		Hosts:  map[string]bastion.Upstream{"web1": {Machine: guest, Access: guest.Access()}},
	})
	require.NoError(b, err)
	defer func() { require.NoError(b, w.Close()) }()
	for _, way := range []struct {
		name    string
		machine providers.Machine
		access  providers.Access
	}{
		{"direct", guest, guest.Access()},
		{"bastion", w.Machine("web1"), w.Access()},
	} {
		b.Run(way.name, func(b *testing.B) {
			s := providers.NewSandbox(way.machine, "web1", way.access, providers.SandboxOptions{})
			defer func() { require.NoError(b, s.Close()) }()
			for b.Loop() {
				_, err := s.Exec(b.Context(), providers.Command{Argv: []string{"true"}})
				require.NoError(b, err)
			}
		})
	}
}
