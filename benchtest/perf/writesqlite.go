package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	_ "modernc.org/sqlite" // the driver sqlite

	"github.com/benchtest-dev/benchtest/reports/store"
)

const (
	writtenAttempts = 100
	writeRounds     = 9
)

// rawSQLite is how our store opens a file, so that both sides last alike.
const rawSQLite = "?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)&_pragma=foreign_keys(1)&_txlock=immediate"

// measureWriteSQLite compares our writer with prepared inserts of the rows that
// it makes: the same bytes into the same tables, made and compressed beforehand.
func measureWriteSQLite(ctx context.Context) (r []reading, err error) {
	rec, err := ownRecording(ctx)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("/var/tmp", "benchtest-perf-") // on a disk, where a home is
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	n := 0
	next := func() (store.Target, string, error) {
		n++
		path := filepath.Join(dir, fmt.Sprintf("%d.db", n))
		t, err := store.ParseTarget("sqlite://"+path, "")
		return t, "file:" + path + rawSQLite, err
	}
	return measureWriting(ctx, rec, "sqlite", next, writing.rawSQLite, "prepared inserts")
}

// measureWriting compares our writer with a control that brings the same rows
// into a database like it. Each of next is empty, with its target and what the
// driver calls it.
func measureWriting(ctx context.Context, rec recording, driver string, next func() (store.Target, string, error),
	control func(w writing, ctx context.Context, t store.Target, name string) (time.Duration, error), what string,
) ([]reading, error) {
	first, name, err := next()
	if err != nil {
		return nil, err
	}
	w, err := newWriting(ctx, rec, writtenAttempts, first, func() (*sql.DB, error) { return sql.Open(driver, name) })
	if err != nil {
		return nil, err
	}
	a, b, err := pairs(ctx, writeRounds,
		func(ctx context.Context) (time.Duration, error) {
			t, _, err := next()
			if err != nil {
				return 0, err
			}
			return w.ours(ctx, t)
		},
		func(ctx context.Context) (time.Duration, error) {
			t, name, err := next()
			if err != nil {
				return 0, err
			}
			return control(w, ctx, t, name)
		})
	if err != nil {
		return nil, err
	}
	return w.throughput(a, b, what), nil
}

// throughput is the reading of a bar that wants ours to be so many times as fast
// as the control.
func (w writing) throughput(ours, control sample, name string) []reading {
	r := compared(control, ours, name, "our writer")
	r[0].detail += fmt.Sprintf("; %d attempts of shipped scenarios, one transaction each, %d bytes compressed an attempt; the control's rows were made and compressed beforehand",
		len(w.list), w.bytes()/len(w.list))
	return r
}

// rawSQLite is the control.
func (w writing) rawSQLite(ctx context.Context, t store.Target, dsn string) (took time.Duration, err error) {
	ours, err := w.prepare(ctx, t)
	if err != nil {
		return 0, err
	}
	if err := ours.Close(); err != nil {
		return 0, err
	}
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	prepared := map[string]*sql.Stmt{}
	for _, sets := range w.rows {
		for _, s := range sets {
			if prepared[s.table] != nil {
				continue
			}
			if prepared[s.table], err = db.PrepareContext(ctx, s.insert()); err != nil {
				return 0, err
			}
		}
	}
	begin := time.Now()
	for _, sets := range w.rows {
		if err := insertPrepared(ctx, db, prepared, sets); err != nil {
			return 0, err
		}
	}
	return time.Since(begin), nil
}

func insertPrepared(ctx context.Context, db *sql.DB, prepared map[string]*sql.Stmt, sets []rowSet) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	for _, s := range sets {
		stmt := tx.StmtContext(ctx, prepared[s.table])
		for _, row := range s.rows {
			if _, err := stmt.ExecContext(ctx, row...); err != nil {
				return errors.Join(err, tx.Rollback())
			}
		}
	}
	return tx.Commit()
}

// ownRecording is the recording for the module at hand.
func ownRecording(ctx context.Context) (recording, error) {
	root, err := goCommand(ctx, ".", "list", "-m", "-f", "{{.Dir}}", modulePath)
	if err != nil {
		return recording{}, err
	}
	return loadRecording(strings.TrimSpace(root))
}
