package main

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/benchtest-dev/benchtest/providers"
)

func TestParsePorts(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		arg  string
		want portPair
		ok   bool
	}{
		{"80", portPair{80, 80}, true},
		{"8080:80", portPair{8080, 80}, true},
		{"0:80", portPair{0, 80}, true},
		{"0", portPair{}, false},
		{"80:0", portPair{}, false},
		{"70000", portPair{}, false},
		{"a:80", portPair{}, false},
		{"-1:80", portPair{}, false},
		{"1:2:3", portPair{}, false},
		{"", portPair{}, false},
	} {
		got, err := parsePorts(tc.arg)
		assert.Equal(t, tc.ok, err == nil, tc.arg)
		assert.Equal(t, tc.want, got, tc.arg)
	}
}

func TestParsePlace(t *testing.T) {
	t.Parallel()
	for arg, want := range map[string]place{
		"box:/tmp/x": {"box", "/tmp/x"}, "box:x": {"box", "x"}, "box:": {"box", "."}, "x": {"", "x"}, "./a:b": {"", "./a:b"}, "/a:b": {"", "/a:b"},
		"box:a:b": {"box", "a:b"},
	} {
		assert.Equal(t, want, parsePlace(arg), arg)
	}
}

func TestMountedDir(t *testing.T) {
	t.Chdir(t.TempDir())
	assert.Empty(t, mountedDir(nil))
	assert.Empty(t, mountedDir([]providers.Mount{{Host: "/nosuch"}}))
}
