package local

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestSpec(t *testing.T) {
	t.Parallel()
	v1, err := parseHierarchies(strings.NewReader(mountsV1))
	require.NoError(t, err)
	v2, err := parseHierarchies(strings.NewReader(mountsV2))
	require.NoError(t, err)
	v2[0].controllers = []string{"cpu", "memory", "pids"}
	rec := record{ID: "benchtest-x", Run: "r1", HostName: "web1", MemoryMiB: 1024, VCPU: 2}
	caps := []string{"CAP_CHOWN", "CAP_SYS_ADMIN"}
	tests := []struct {
		name string
		spec guestSpec
	}{
		{"guest-v1", guestSpec{Record: rec, Hierarchies: v1, Capabilities: caps}},
		{"guest-v2", guestSpec{Record: rec, Hierarchies: v2, Capabilities: caps}},
		{"guest-no-limits", guestSpec{Record: rec, Capabilities: caps}},
		{"build", guestSpec{Record: rec, Hierarchies: v2, Capabilities: caps, Args: []string{"/bin/sh", "-c", "true"}, Env: []string{"http_proxy=x"}, HostNetwork: true, ResolvConf: "/run/benchtest/benchtest-x/resolv.conf"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := json.MarshalIndent(tt.spec.build(), "", "  ")
			require.NoError(t, err)
			golden := filepath.Join("testdata", "spec-"+tt.name+".json")
			if *update {
				require.NoError(t, os.WriteFile(golden, append(got, '\n'), 0o644))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			assert.JSONEq(t, string(want), string(got))
		})
	}
}

func TestParseBoundingSet(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, status string
		has, hasNot  []string
		wantErr      string
	}{
		{name: "all", status: "Name:\tx\nCapBnd:\t000001ffffffffff\n", has: []string{"CAP_SYS_RESOURCE", "CAP_SYS_BOOT"}, hasNot: []string{"CAP_SYS_TIME", "CAP_SYS_MODULE"}},
		{name: "one is missing", status: "CapBnd:\t000001fffeffffff\n", has: []string{"CAP_SYS_ADMIN"}, hasNot: []string{"CAP_SYS_RESOURCE"}},
		{name: "none", status: "CapBnd:\t0000000000000000\n"},
		{name: "no line", status: "CapInh:\t0\n", wantErr: "no CapBnd"},
		{name: "no number", status: "CapBnd:\tx\n", wantErr: "invalid syntax"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := parseBoundingSet(tt.status)
			if tt.wantErr != "" {
				require.ErrorContains(t, err, tt.wantErr)
				return
			}
			require.NoError(t, err)
			assert.Subset(t, got, tt.has)
			for _, c := range tt.hasNot {
				assert.NotContains(t, got, c)
			}
		})
	}
}
