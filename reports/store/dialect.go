package store

import (
	"context"
	"database/sql"
	"time"
)

// A dialect is what SQLite and PostgreSQL do differently. All else is SQL that
// both take: $1 for arguments, ON CONFLICT, IN lists.
type dialect interface {
	// open connects, with at most connections at once.
	open() (*sql.DB, error)
	// migrate brings the tables up to date, once for all who open at the same time.
	migrate(ctx context.Context, db *sql.DB) error
	// settle makes what was committed outlast a power that is lost.
	settle(ctx context.Context, db *sql.DB) error
	// known lists which of these attempts are there, within a transaction.
	known(ctx context.Context, tx *sql.Tx, ids []string) ([]string, error)
	// fill adds rows to a table, within the transaction that goes on over conn.
	fill(ctx context.Context, conn *sql.Conn, tx *sql.Tx, t table, rows [][]any) error
}

// Bounds of what a database may take.
const (
	connectTimeout = 5 * time.Second
	// connections is how many one process has at once.
	connections = 4
)
