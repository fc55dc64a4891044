package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/benchtest-dev/benchtest/reports/page/serve"
	"github.com/benchtest-dev/benchtest/reports/store"
)

// What the overview is over.
const (
	viewedRuns  = 500
	fewRuns     = 50
	ofEachRun   = 100 // attempts at 25 scenarios
	recordBytes = 3000
	viewRounds  = 15
)

func measureViewSQLite(ctx context.Context) (r []reading, err error) {
	dir, err := os.MkdirTemp("/var/tmp", "benchtest-perf-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	return measureView(ctx, func(name string) (store.Target, *sql.DB, error) {
		path := filepath.Join(dir, name+".db")
		t, err := store.ParseTarget("sqlite://"+path, "")
		if err != nil {
			return t, nil, err
		}
		db, err := sql.Open("sqlite", "file:"+path+rawSQLite)
		return t, db, err
	})
}

func measureViewPostgres(ctx context.Context) (r []reading, err error) {
	server, err := newPostgres(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, server.Remove(ctx)) }()
	return measureView(ctx, func(string) (store.Target, *sql.DB, error) {
		url, err := server.NewDatabase(ctx)
		if err != nil {
			return store.Target{}, nil, err
		}
		t, err := store.ParseTarget(url, "")
		if err != nil {
			return t, nil, err
		}
		db, err := sql.Open("pgx", url)
		return t, db, err
	})
}

// measureView is how long the server takes for the page of all runs. The
// control is a database with a tenth of them: the page shows as many.
func measureView(ctx context.Context, open func(name string) (store.Target, *sql.DB, error)) (r []reading, err error) {
	var pages []timed
	for _, runs := range []int{viewedRuns, fewRuns} {
		t, raw, err := open(fmt.Sprint(runs))
		if err != nil {
			return nil, err
		}
		db, err := store.Open(ctx, t)
		if err != nil {
			return nil, errors.Join(err, raw.Close())
		}
		defer db.Close() //nolint:errcheck // it was only read
		if err := errors.Join(fillRuns(ctx, raw, runs), raw.Close()); err != nil {
			return nil, err
		}
		h, err := serve.Handler(serve.Database{Reader: db}, []string{"localhost"})
		if err != nil {
			return nil, err
		}
		pages = append(pages, func(ctx context.Context) (time.Duration, error) { return servePage(ctx, h) })
	}
	for _, p := range pages { // not the first look, for which files are read
		if _, err := p(ctx); err != nil {
			return nil, err
		}
	}
	a, b, err := pairs(ctx, viewRounds, pages[0], pages[1])
	if err != nil {
		return nil, err
	}
	return []reading{{
		value: a.median().Seconds() * 1e3, n: len(a), spread: fmt.Sprintf("%s..%s", show(a.quantile(0)), show(a.quantile(1))),
		detail: fmt.Sprintf("the page of all runs, over %d attempts %s, over %d %s; rows made by SQL, records of %d bytes, five rows of facts an attempt without their bodies",
			viewedRuns*ofEachRun, a, fewRuns*ofEachRun, b, recordBytes),
	}}, nil
}

// A pageSink takes a page.
type pageSink struct {
	header http.Header
	status int
	bytes  int
}

func (s *pageSink) Header() http.Header    { return s.header }
func (s *pageSink) WriteHeader(status int) { s.status = status }
func (s *pageSink) Write(b []byte) (int, error) {
	s.bytes += len(b)
	return len(b), nil
}

func servePage(ctx context.Context, h http.Handler) (time.Duration, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://localhost/", http.NoBody)
	if err != nil {
		return 0, err
	}
	sink := &pageSink{header: http.Header{}, status: http.StatusOK}
	begin := time.Now()
	h.ServeHTTP(sink, req)
	took := time.Since(begin)
	if sink.status != http.StatusOK || sink.bytes < 10_000 {
		return 0, fmt.Errorf("the page is %d bytes with status %d", sink.bytes, sink.status)
	}
	return took, nil
}

// fillRuns makes rows as runs do, by SQL that both databases take.
func fillRuns(ctx context.Context, db *sql.DB, runs int) error {
	const numbers = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < %d) "
	const run = "'run-' || CAST(10000 + i / %d AS TEXT)"
	ofRun := fmt.Sprintf(run, ofEachRun)
	record := `{"run_id":"' || ` + fmt.Sprintf(run, 1) + ` || '","started":"2026-01-01T00:00:00Z","provider":"local","engine":"oracle","argv":["` + strings.Repeat("x", 500) + `"]}`
	for _, statement := range []string{
		fmt.Sprintf("INSERT INTO benchmarks "+numbers+"SELECT "+fmt.Sprintf(run, 1)+", i, i + 1, i, 1, '', 'local', 'oracle', '', '', 1, 'h', 1, 1, '', '', '"+record+"' FROM n", runs-1),
		fmt.Sprintf("INSERT INTO scenario_reports "+numbers+"SELECT "+ofRun+" || '/' || CAST(i AS TEXT), "+ofRun+`, 'nginx/' || CAST(i %% 25 AS TEXT), 1, i,
			CASE WHEN i %% 7 = 0 THEN 'failed' ELSE 'passed' END, '', 1, 'local', 'oracle', '', '', 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, NULL, 1, '', '', '', '', '`+
			strings.Repeat("x", recordBytes)+"', FALSE FROM n", runs*ofEachRun-1),
		"INSERT INTO facts SELECT id, c.name, '', 3, NULL FROM scenario_reports CROSS JOIN (SELECT 'healthy' AS name UNION SELECT 'faulted' UNION SELECT 'after' UNION SELECT 'held' UNION SELECT 'sample') c",
		"ANALYZE",
	} {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}
