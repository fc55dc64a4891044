package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"
	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver sqlite
)

// sqlite is a file. Readers and one writer do not wait for each other (WAL);
// writers wait for each other.
type sqlite struct {
	path string
	// What is prepared lives as long as the connections. Inserts are by table.
	inserts map[string]*sql.Stmt
	isThere *sql.Stmt
}

func (s *sqlite) open() (*sql.DB, error) {
	if err := os.MkdirAll(filepath.Dir(s.path), 0o755); err != nil {
		return nil, err
	}
	// Nobody but its owner reads it, like the records that it is made of.
	f, err := os.OpenFile(s.path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	// A commit survives a killed process, and a lost power once the log is written
	// back (synchronous=NORMAL); what is lost then is fed again.
	dsn := url.URL{Scheme: "file", OmitHost: true, Path: s.path, RawQuery: strings.Join([]string{
		"_pragma=busy_timeout(10000)", "_pragma=journal_mode(WAL)", "_pragma=synchronous(NORMAL)", "_pragma=foreign_keys(1)", "_txlock=immediate",
	}, "&")}
	db, err := sql.Open("sqlite", dsn.String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(connections)
	return db, nil
}

func (s *sqlite) migrate(ctx context.Context, db *sql.DB) (err error) {
	lock := flock.New(s.path + ".lock")
	if ok, err := lock.TryLockContext(ctx, lockPoll); err != nil || !ok {
		return fmt.Errorf("lock %s: %w", lock.Path(), err)
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	if err := migrate(ctx, goose.DialectSQLite3, db); err != nil {
		return err
	}
	return s.prepare(ctx, db)
}

func (s *sqlite) prepare(ctx context.Context, db *sql.DB) (err error) {
	s.inserts = map[string]*sql.Stmt{}
	for _, t := range attemptTables() {
		if s.inserts[t.name], err = db.PrepareContext(ctx, t.insert); err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
	}
	s.isThere, err = db.PrepareContext(ctx, "SELECT 1 FROM scenario_reports WHERE id = $1")
	return err
}

func (s *sqlite) known(ctx context.Context, tx *sql.Tx, ids []string) (known []string, err error) {
	stmt := tx.StmtContext(ctx, s.isThere) // closed with the transaction
	for _, id := range ids {
		var one int
		err := stmt.QueryRowContext(ctx, id).Scan(&one)
		if err == nil {
			known = append(known, id)
		} else if !errors.Is(err, sql.ErrNoRows) {
			return nil, err
		}
	}
	return known, nil
}

func (*sqlite) settle(ctx context.Context, db *sql.DB) error {
	_, err := db.ExecContext(ctx, "PRAGMA wal_checkpoint(PASSIVE)")
	return err
}

func (s *sqlite) fill(ctx context.Context, _ *sql.Conn, tx *sql.Tx, t table, rows [][]any) error {
	stmt := tx.StmtContext(ctx, s.inserts[t.name]) // closed with the transaction
	for _, row := range rows {
		if _, err := stmt.ExecContext(ctx, row...); err != nil {
			return err
		}
	}
	return nil
}
