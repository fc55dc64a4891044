package store_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/reports/store"
	"github.com/benchtest-dev/benchtest/reports/store/storetest"
)

// Pages look up what they show: no table of attempts is read through, and the
// overview reads no evidence at all.
func TestPagesScanNothing(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		pagesScanNothing(t, "", "EXPLAIN QUERY PLAN ", "SCAN ")
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		pagesScanNothing(t, storetest.StartPostgres(t).NewDatabase(t), "EXPLAIN ", "Seq Scan on ")
	})
}

func pagesScanNothing(t *testing.T, url, explain, scan string) {
	t.Helper()
	db := open(t, url)
	manyRuns(t, db)
	for name, f := range map[string]store.Filter{
		"first page": {Latest: 41}, "later page": {Latest: 41, Before: "run-0100"}, "of an engine": {Latest: 41, Engine: "oracle", Provider: "local"},
	} {
		var ids []string
		for i := range f.Latest {
			ids = append(ids, fmt.Sprintf("run-%04d", 200+i))
		}
		for what, q := range store.PageQueries(f, ids, "run-0001/nginx/001-a/i1") {
			plan := planOf(t, db, explain, q)
			for _, table := range []string{"scenario_reports", "facts", "transcripts", "rule_results"} {
				assert.NotContainsf(t, plan, scan+table, "%s: %s", name, what)
			}
			if what != "facts" {
				assert.NotContainsf(t, plan, "facts", "%s: %s", name, what)
			}
		}
	}
	// The test sees a scan where there is one.
	assert.Contains(t, planOf(t, db, explain, store.Query{Text: "SELECT sum(body_bytes) FROM facts"}), scan+"facts")
}

func planOf(t *testing.T, db *store.DB, explain string, q store.Query) string {
	t.Helper()
	found, err := db.SQL().QueryContext(t.Context(), explain+q.Text, q.Args...)
	require.NoError(t, err)
	defer found.Close() //nolint:errcheck // Err says what went wrong
	columns, err := found.Columns()
	require.NoError(t, err)
	var plan strings.Builder
	for found.Next() {
		values, to := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			to[i] = &values[i]
		}
		require.NoError(t, found.Scan(to...))
		fmt.Fprintln(&plan, values[len(values)-1])
	}
	require.NoError(t, found.Err())
	return plan.String()
}

// manyRuns fills the tables that pages look at, with so much that a planner
// would mind reading it.
func manyRuns(t *testing.T, db *store.DB) {
	t.Helper()
	const numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) "
	run, attempt := "'run-' || substr(CAST(10000 + i %% 300 AS TEXT), 2)", "'/nginx/' || CAST(i AS TEXT)"
	for _, statement := range []string{
		fmt.Sprintf("INSERT INTO benchmarks "+numbers+"SELECT 'run-' || substr(CAST(9999 + i AS TEXT), 2), i, i + 1, i, 0, '', 'local', 'oracle', '', '', 1, 'h', 1, 1, '', '', '{}' FROM n", 300),
		fmt.Sprintf("INSERT INTO scenario_reports "+numbers+"SELECT "+run+" || "+attempt+", "+run+", 'nginx/' || CAST(i %% 25 AS TEXT), 1, i, 'passed', '', 1, 'local', 'oracle', '', '', "+
			"1, 1, 1, 1, 1, 1, 1, 1, 1, 1, NULL, 1, '', '', '', '', '"+strings.Repeat("x", 1500)+"', i %% 100 = 0 FROM n", 12000),
		"INSERT INTO facts SELECT id, 'held', '', 3, NULL FROM scenario_reports",
		"ANALYZE",
	} {
		_, err := db.SQL().ExecContext(t.Context(), statement)
		require.NoError(t, err, statement)
	}
}
