//go:build linux

package collect

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

const sha256OfHello = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"

func fileEnv(t *testing.T) *Env {
	t.Helper()
	top := tree(t, map[string]string{
		"etc/passwd":   "me:x:" + strconv.Itoa(os.Getuid()) + ":0::/:/bin/sh\n",
		"etc/group":    "us:x:" + strconv.Itoa(os.Getgid()) + ":\n",
		"hello":        "hello",
		"link":         "->hello",
		"dangling":     "->nope",
		"todir":        "->dir",
		"dir/":         "",
		"etc/deep/big": string(make([]byte, 100)),
	})
	at := time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)
	for _, name := range []string{"hello", "dir"} {
		require.NoError(t, os.Chtimes(filepath.Join(top, name), at, at))
	}
	require.NoError(t, os.Chmod(filepath.Join(top, "hello"), os.ModeSetuid|0o751))
	require.NoError(t, os.Chmod(filepath.Join(top, "dir"), os.ModeSticky|0o777))
	require.NoError(t, unix.Mkfifo(filepath.Join(top, "fifo"), 0o600))
	e := testEnv(t, nil, nil)
	e.Root.Close()
	var err error
	e.Root, err = OpenRoot(top)
	require.NoError(t, err)
	return e
}

func TestFile(t *testing.T) {
	t.Parallel()
	e := fileEnv(t)
	tests := []struct {
		name, path string
		want       map[string]any
	}{
		{"regular", "/hello", map[string]any{
			"exists": true, "filetype": "file", "mode": "4751", "owner": "me", "group": "us", "size": 5.0,
			"linked-to": nil, "contents": "hello", "sha256": sha256OfHello, "mtime": "2026-01-02T03:04:05.000006Z",
		}},
		{"directory", "/dir", map[string]any{
			"filetype": "directory", "mode": "1777", "contents": nil, "sha256": nil, "linked-to": nil,
		}},
		{"link: its own type, the target's contents", "/link", map[string]any{
			"exists": true, "filetype": "symlink", "linked-to": "hello", "contents": "hello", "sha256": sha256OfHello,
		}},
		{"dangling link", "/dangling", map[string]any{
			"exists": true, "filetype": "symlink", "linked-to": "nope", "contents": nil, "sha256": nil,
		}},
		{"link to a directory", "/todir", map[string]any{"filetype": "symlink", "contents": nil}},
		{"fifo", "/fifo", map[string]any{"exists": true, "filetype": "fifo", "mode": "0600", "contents": nil}},
		{"through a link", "/todir/../hello", map[string]any{"exists": true, "contents": "hello"}},
		{"not there", "/nope", map[string]any{"exists": false, "filetype": nil, "size": nil, "owner": nil}},
		{"below a file", "/hello/x", map[string]any{"exists": false}},
	}
	noun, _ := facts.LookupNoun(facts.NounFile)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := attrsOf(t, e, facts.Query{Noun: facts.NounFile, Subject: tt.path})
			for name, want := range tt.want {
				assert.Equal(t, want, got[name], name)
			}
			assert.Len(t, got, len(noun.Attrs), "every attribute has a value, be it null")
		})
	}
	assert.Contains(t, askOne(t, e, facts.Query{Noun: facts.NounFile, Subject: "etc/hosts"}).Error, "absolute path")
}

func TestFileIsCutAndHashedWhole(t *testing.T) {
	t.Parallel()
	e := fileEnv(t)
	fact := Run(t.Context(), e, facts.Request{
		MaxBytes: 3,
		Queries:  []facts.Query{{Noun: facts.NounFile, Subject: "/hello"}},
	}).Facts[0]
	assert.Equal(t, "hel", fact.Attrs["contents"])
	assert.Equal(t, sha256OfHello, fact.Attrs["sha256"])
	assert.True(t, fact.Truncated)
}

func TestTextOf(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, head, want string }{
		{"a text as it is", "a\tb\r\n\xff\x1b", "a\tb\r\n\xff\x1b"},
		{"a binary's texts", "\x7fELF\x00\x00\x01nginx/1.22\x00\xff\xfe é\n", "\ufffdELF\ufffdnginx/1.22\ufffd é\n"},
		{"nothing but bytes", "\x00\x01\x02", "\ufffd"},
		{"empty", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tt.want, textOf(tt.head))
		})
	}
}

func TestSparseGiantIsNotHashed(t *testing.T) {
	t.Parallel()
	top := t.TempDir()
	giant := filepath.Join(top, "giant")
	require.NoError(t, os.WriteFile(giant, nil, 0o644))
	require.NoError(t, os.Truncate(giant, 1<<40))
	e := testEnv(t, nil, nil)
	e.Root.Close()
	var err error
	e.Root, err = OpenRoot(top)
	require.NoError(t, err)
	begin := time.Now()
	fact := askOne(t, e, facts.Query{Noun: facts.NounFile, Subject: "/giant"})
	assert.Less(t, time.Since(begin), 5*time.Second)
	assert.Empty(t, fact.Error)
	assert.Nil(t, fact.Attrs["sha256"])
	assert.InDelta(t, float64(1<<40), fact.Attrs["size"], 0)
	assert.True(t, fact.Truncated)
}
