package store_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/reports/store"
	"github.com/benchtest-dev/benchtest/reports/store/storetest"
)

func open(t *testing.T, url string) *store.DB {
	t.Helper()
	target, err := store.ParseTarget(url, t.TempDir())
	require.NoError(t, err)
	db, err := store.Open(t.Context(), target)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, db.Close()) })
	return db
}

func TestSQLite(t *testing.T) {
	t.Parallel()
	storetest.Conformance(t, func(t *testing.T) *store.DB {
		t.Helper()
		return open(t, "")
	})
}

func TestPostgres(t *testing.T) {
	t.Parallel()
	server := storetest.StartPostgres(t)
	storetest.Conformance(t, func(t *testing.T) *store.DB {
		t.Helper()
		return open(t, server.NewDatabase(t))
	})
}
