package store

import (
	"context"
	"database/sql"
	"io/fs"

	"github.com/pressly/goose/v3"
)

// Migrations are the files that are embedded.
func Migrations() fs.FS { return migrations }

// SQL is the connection, for tests that look at rows.
func (db *DB) SQL() *sql.DB { return db.sql }

// OpenWith opens a database as a benchtest with these migrations would.
func OpenWith(ctx context.Context, t Target, files fs.FS) (*DB, error) {
	db := newDB(t)
	var err error
	if db.sql, err = db.dialect.open(); err != nil {
		return nil, err
	}
	d := goose.DialectSQLite3
	if t.conn != nil {
		d = goose.DialectPostgres
	}
	return db, migrateWith(ctx, d, db.sql, files)
}

// A Query is one that a page makes.
type Query struct {
	Text string
	Args []any
}

// PageQueries are those of the overview, and of the page of one attempt.
func PageQueries(f Filter, ids []string, id string) map[string]Query {
	runs, runArgs := f.benchmarks()
	cells, cellArgs := Filter{Benchmarks: ids}.overview()
	less, lessArgs := Filter{Benchmarks: ids}.remade()
	return map[string]Query{"runs": {runs, runArgs}, "counts": {cells, cellArgs}, "made again": {less, lessArgs}, "facts": {evidenceQuery, []any{id}}}
}
