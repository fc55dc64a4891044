package benchtest

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMisspelt(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		tags []string
		want string // the provider that was meant; empty: no error
	}{
		{"none", nil, ""},
		{"right", []string{"lima", "incus", "host"}, ""},
		{"swapped", []string{"lmia"}, "lima"},
		{"swapped at the end", []string{"incsu"}, "incus"},
		{"a letter less", []string{"incu"}, "incus"},
		{"a letter more", []string{"hosts"}, "host"},
		{"a letter more in front", []string{"llima"}, "lima"},
		{"another letter", []string{"foo", "lina"}, "lima"},
		{"another last letter", []string{"hosr"}, "host"},
		{"somebody's own", []string{"integration", "e2e", "test", "netgo"}, ""},
		{"two letters", []string{"lmai", "hst0"}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			err := misspelt(strings.Join(tc.tags, ","))
			if tc.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, "did you mean -tags "+tc.want+"?")
			assert.ErrorContains(t, err, "-benchtest.provider")
		})
	}
}
