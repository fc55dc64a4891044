package store_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/reports/store"
)

func TestParseTarget(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                         "sqlite:///home/x/benchtest.db",
		"sqlite:///var/lib/b.db":   "sqlite:///var/lib/b.db",
		"sqlite:///var/l%20ib/b?#": "sqlite:///var/l ib/b?#",
		"postgres://u:secret@db.example.com:5433/bench?sslmode=disable": "postgres://db.example.com:5433/bench",
		"postgresql://u:s%40cret@/bench?host=/run/pg":                   "postgres:///bench?host=/run/pg&port=5432",
	} {
		got, err := store.ParseTarget(text, "/home/x")
		require.NoError(t, err, text)
		assert.Equal(t, want, got.String(), text)
	}
}

func TestBadTargets(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"sqlite://x.db":                          "want sqlite:///PATH",
		"sqlite:///":                             "want sqlite:///PATH",
		"mysql://u:secret@h/d":                   `of kind "mysql": want postgres://`,
		"host=h password=secret":                 `of kind "host": want postgres://`,
		"benchtest.db":                           "want postgres://USER@HOST/DATABASE, sqlite:///PATH or none",
		"postgres://u:secret@h:port/d":           "what is special in a password as %XX",
		"postgres://u:sec ret@h/d?sslmode=wrong": "what is special in a password as %XX",
	} {
		_, err := store.ParseTarget(text, "/home/x")
		require.ErrorContains(t, err, want, text)
		assert.NotContains(t, err.Error(), "secret")
		assert.NotContains(t, err.Error(), "sec ret")
	}
	_, err := store.ParseTarget("none", "/home/x")
	require.ErrorIs(t, err, store.ErrNone)
}

func TestArgv(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"x -benchtest.db=postgres://u:sesame@h/d -v": "x -benchtest.db=... -v",
		"x --benchtest.db postgres://u:sesame@h/d":   "x --benchtest.db ...",
		"x -benchtest.db":              "x -benchtest.db",
		"x benchtest.db y":             "x benchtest.db y",
		"x -benchtest.dbs=1 - -- = -v": "x -benchtest.dbs=1 - -- = -v",
	} {
		assert.Equal(t, want, strings.Join(store.Argv(strings.Fields(text), "benchtest.db"), " "))
	}
}

// What PostgreSQL says of a server that is not there names no password.
func TestUnreachable(t *testing.T) {
	t.Parallel()
	target, err := store.ParseTarget("postgres://u:sesame@/bench?host="+t.TempDir(), "")
	require.NoError(t, err)
	_, err = store.Open(t.Context(), target)
	require.Error(t, err)
	assert.NotContains(t, err.Error(), "sesame")
}
