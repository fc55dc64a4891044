package benchtest

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/providers"
)

func TestChooseProvider(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, flag string
		tags       []string
		config     string
		want       string
		err        string
	}{
		{"nothing said", "", nil, "", "local", ""},
		{"Config", "", nil, "mine", "mine", ""},
		{"a tag wins over Config", "", []string{"lima"}, "mine", "lima", ""},
		{"the flag wins over a tag", "local", []string{"lima"}, "mine", "local", ""},
		{"the flag decides among tags", "incus", []string{"incus", "lima"}, "", "incus", ""},
		{"several tags", "", []string{"incus", "lima"}, "mine", "", "this build has the tags incus, lima: say which provider with -benchtest.provider"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, err := chooseProvider(tc.flag, tc.tags, tc.config)
			if tc.err != "" {
				require.EqualError(t, err, tc.err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, tc.want, got)
		})
	}
}

func TestLinked(t *testing.T) {
	t.Parallel()
	r := &providers.Registry{}
	r.Register("mine", func(providers.Options) (providers.Provider, error) { panic("it is not to be made") })
	for _, tc := range []struct {
		name, provider string
		tags           []string
		err            string
	}{
		{"it is there", "mine", nil, ""},
		{"its tag is not set", "lima", nil, `provider "lima" is not in this build: rebuild with -tags lima`},
		{"its tag is set", "lima", []string{"lima"}, `provider "lima" is not part of this version of benchtest, with or without its tag`},
		{"nobody knows it", "limq", nil, `provider "limq" is unknown: have mine`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			err := linked(r, tc.provider, tc.tags)
			if tc.err == "" {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, tc.err)
		})
	}
}
