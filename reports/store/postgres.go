package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
)

// postgres is a server that others use too.
type postgres struct{ conn *pgx.ConnConfig }

func (p postgres) open() (*sql.DB, error) {
	db := stdlib.OpenDB(*p.conn)
	db.SetMaxOpenConns(connections)
	return db, nil
}

// migrationLock is a number that all benchtests, and hopefully nobody else, lock.
const migrationLock = 0x62656e636874 // bencht

// unlockLimit is how long a server is waited for that may hang. A connection that
// could not unlock is closed, which unlocks as well.
const unlockLimit = 2 * time.Second

func (postgres) migrate(ctx context.Context, db *sql.DB) (err error) {
	// The lock is the connection's; migrating uses another.
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock($1)", int64(migrationLock)); err != nil {
		return fmt.Errorf("lock: %w", err)
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), unlockLimit)
		defer cancel()
		_, uerr := conn.ExecContext(ctx, "SELECT pg_advisory_unlock($1)", int64(migrationLock))
		err = errors.Join(err, uerr)
	}()
	return migrate(ctx, goose.DialectPostgres, db)
}

// settle has nothing to do: a commit is one.
func (postgres) settle(context.Context, *sql.DB) error { return nil }

// known asks once, since an answer may have a long way.
func (postgres) known(ctx context.Context, tx *sql.Tx, ids []string) (known []string, err error) {
	w := &where{}
	w.in("id", ids)
	err = eachIn(ctx, tx, func(id string) { known = append(known, id) }, "SELECT id FROM scenario_reports"+w.String(), w.args...)
	return known, err
}

// fill uses COPY, the fastest way in: a transaction that has found out which
// attempts are new needs no ON CONFLICT for the rest of their rows.
func (postgres) fill(ctx context.Context, conn *sql.Conn, _ *sql.Tx, t table, rows [][]any) error {
	return conn.Raw(func(driver any) error {
		_, err := driver.(*stdlib.Conn).Conn().CopyFrom(ctx, pgx.Identifier{t.name}, t.columns, pgx.CopyFromRows(rows))
		return err
	})
}
