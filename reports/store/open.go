package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// A DB is an open database. It is a Writer, a Reader and a Pruner. The caller
// closes it.
type DB struct {
	target  Target
	sql     *sql.DB
	dialect dialect
	unpacker
	statements statements
}

// Open connects to a database and brings its tables up to date. It fails where
// the database cannot be reached; ctx bounds how long that takes.
func Open(ctx context.Context, t Target) (*DB, error) {
	db := newDB(t)
	var err error
	if db.sql, err = db.dialect.open(); err != nil {
		return nil, fmt.Errorf("open database %s: %w", t, err)
	}
	if err = db.dialect.migrate(ctx, db.sql); err == nil {
		db.unpacker, err = newUnpacker()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open database %s: %w", t, err), db.sql.Close())
	}
	return db, nil
}

func newDB(t Target) *DB {
	if t.conn != nil {
		return &DB{target: t, dialect: postgres{t.conn}}
	}
	return &DB{target: t, dialect: &sqlite{path: t.path}}
}

// Target says which database it is.
func (db *DB) Target() Target { return db.target }

// Close closes the connections.
func (db *DB) Close() error {
	if db.frames != nil {
		db.unpacker.close()
	}
	return db.sql.Close()
}
