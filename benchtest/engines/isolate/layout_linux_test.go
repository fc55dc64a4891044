package isolate

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestArrange(t *testing.T) {
	t.Parallel()
	hide := func(path string) place { return place{Path: path, Kind: hidden} }
	show := func(path string, bare bool) place { return place{Path: path, Kind: shown, Bare: bare} }
	own := func(path string, bare bool) place { return place{Path: path, Kind: scratch, From: "work", Bare: bare} }
	for _, tt := range []struct {
		name    string
		in, out []place
	}{
		{"nothing", nil, nil},
		{"in sight anyway", []place{show("/usr/bin/x", false)}, nil},
		{"hidden twice", []place{hide("/a/b"), hide("/a")}, []place{hide("/a")}},
		{"shown in a hidden one", []place{show("/a/b/c", false), hide("/a")}, []place{hide("/a"), show("/a/b/c", true)}},
		{
			"hidden in a shown one in a hidden one",
			[]place{hide("/a/b/c"), show("/a/b", false), hide("/a")},
			[]place{hide("/a"), show("/a/b", true), hide("/a/b/c")},
		},
		{
			"shown in that again",
			[]place{hide("/a/b/c"), show("/a/b", false), hide("/a"), show("/a/b/c/d", false), show("/a/b/e", false)},
			[]place{hide("/a"), show("/a/b", true), hide("/a/b/c"), show("/a/b/c/d", true)},
		},
		{"one path, two kinds", []place{hide("/a"), own("/a", false)}, []place{own("/a", false)}},
		{"hidden and shown: shown", []place{hide("/a"), show("/a", false)}, nil},
		{"its own in its own", []place{own("/tmp/x/work", false), own("/tmp", false)}, []place{own("/tmp", false), own("/tmp/x/work", true)}},
		{"no parent, though the name begins like one", []place{show("/a-b/c", false), hide("/a"), hide("/a-b.d")}, []place{hide("/a"), hide("/a-b.d")}},
		{
			"sorted by element",
			[]place{show("/a/b/c", false), hide("/a"), hide("/a-b"), show("/a-b/c", false)},
			[]place{hide("/a"), show("/a/b/c", true), hide("/a-b"), show("/a-b/c", true)},
		},
		{
			"a copy stands anywhere, a link in an empty directory",
			[]place{{Path: "/a/l", Kind: linked}, {Path: "/b/l", Kind: linked}, {Path: "/b/x", Kind: copied}, hide("/a")},
			[]place{hide("/a"), {Path: "/a/l", Kind: linked, Bare: true}, {Path: "/b/x", Kind: copied}},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tt.out, arrange(tt.in))
		})
	}
}

func TestInterpreterOf(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ text, want string }{
		{"#!/bin/sh\n", "/bin/sh"},
		{"#! /opt/venv/bin/python -u\n", "/opt/venv/bin/python"},
		{"#!/usr/bin/env sh\n", "sh"},
		{"#!/usr/bin/env -S LANG=C sh -e\n", "sh"},
		{"#!/usr/bin/env no-such-interpreter\n", ""},
		{"#!/usr/bin/env\n", "/usr/bin/env"},
		{"#!\n", ""},
		{"\x7fELF", ""},
		{"", ""},
	} {
		path := filepath.Join(t.TempDir(), "program")
		require.NoError(t, os.WriteFile(path, []byte(tt.text), 0o600))
		got := interpreterOf(path)
		if filepath.Base(tt.want) == tt.want && tt.want != "" {
			got = filepath.Base(got)
		}
		assert.Equal(t, tt.want, got, "%q", tt.text)
	}
	assert.Empty(t, interpreterOf("/nonexistent"))
}
