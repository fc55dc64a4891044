package image

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParseSources(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, targets string
		want          []string
	}{
		{
			"a Debian of that suite", "http://m/debian bookworm main\nhttp://m/debian bookworm contrib\nhttp://m/debian bookworm-updates main\nhttp://s/sec bookworm-security main\nhttp://x/ nodistro main\n",
			[]string{"deb http://m/debian bookworm main", "deb http://m/debian bookworm-updates main", "deb http://s/sec bookworm-security main"},
		},
		{"another suite", "http://m/debian trixie main\n", []string{"deb http://deb.debian.org/debian" + " bookworm main"}},
		{"only its updates", "http://m/debian bookworm-updates main\n", []string{"deb http://deb.debian.org/debian" + " bookworm main"}},
		{"another component", "http://m/ubuntu bookworm universe\n", []string{"deb http://deb.debian.org/debian" + " bookworm main"}},
		{"no apt", "", []string{"deb http://deb.debian.org/debian" + " bookworm main"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tt.want, parseSources(tt.targets, distributionOf("bookworm")))
		})
	}
}

func TestUpstreamOf(t *testing.T) {
	t.Parallel()
	for _, arch := range []string{"amd64", "arm64"} {
		u, err := upstreamOf("bookworm", arch)
		require.NoError(t, err)
		assert.Regexp(t, `^https://cloud\.debian\.org/.*-`+arch+`-[0-9-]*\.qcow2$`, u.URL)
		assert.Regexp(t, `^sha512:[0-9a-f]{128}$`, u.Sum)
	}
	_, err := upstreamOf("bookworm", "riscv64")
	require.ErrorContains(t, err, "no upstream image of bookworm for riscv64 is known: give the template a base")
}
