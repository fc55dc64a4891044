package store

import (
	"context"
	"database/sql"
	"sync"
)

// A statements keeps queries prepared that are made for one attempt after the
// other. They live as long as the connections.
type statements struct {
	mu     sync.Mutex
	byText map[string]*sql.Stmt
}

// get prepares a query of which there are not many.
func (s *statements) get(ctx context.Context, db *sql.DB, query string) (*sql.Stmt, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if stmt := s.byText[query]; stmt != nil {
		return stmt, nil
	}
	stmt, err := db.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	if s.byText == nil {
		s.byText = map[string]*sql.Stmt{}
	}
	s.byText[query] = stmt
	return stmt, nil
}

// eachOf is each for a query whose text is fixed.
func (db *DB) eachOf(ctx context.Context, scan func(*sql.Rows) error, query string, args ...any) error {
	stmt, err := db.statements.get(ctx, db.sql, query)
	if err != nil {
		return err
	}
	found, err := stmt.QueryContext(ctx, args...)
	return scanEach(found, err, scan)
}

// A row is what one scans.
type row interface{ Scan(to ...any) error }

type failedRow struct{ err error }

func (f failedRow) Scan(...any) error { return f.err }

// one is the only row of a query whose text is fixed.
func (db *DB) one(ctx context.Context, query string, args ...any) row {
	stmt, err := db.statements.get(ctx, db.sql, query)
	if err != nil {
		return failedRow{err}
	}
	return stmt.QueryRowContext(ctx, args...)
}
