package providers_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/providers"
)

func TestCheckMounts(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		mounts []providers.Mount
		err    string
	}{
		{"none", nil, ""},
		{"at the same path", []providers.Mount{{Host: "/srv/app"}}, ""},
		{"side by side", []providers.Mount{{Host: "/srv/app"}, {Host: "/srv/application", Guest: "/srv/app2"}}, ""},
		{"a home directory's name", []providers.Mount{{Host: "~/app"}}, "absolute paths"},
		{"a relative place", []providers.Mount{{Host: "/srv/app", Guest: "app"}}, "absolute paths"},
		{"the whole driver", []providers.Mount{{Host: "/srv/..", Guest: "/srv"}}, "not /"},
		{"the whole guest", []providers.Mount{{Host: "/srv", Guest: "/"}}, "not /"},
		{"what the guest has itself", []providers.Mount{{Host: "/srv", Guest: "/run/app"}}, "its own /run"},
		{"one in the other", []providers.Mount{{Host: "/srv/a"}, {Host: "/b", Guest: "/srv/a/b"}}, "overlaps the mount at /srv/a"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			err := providers.CheckMounts(tc.mounts)
			if tc.err == "" {
				require.NoError(t, err)
				return
			}
			assert.ErrorContains(t, err, tc.err)
		})
	}
}
