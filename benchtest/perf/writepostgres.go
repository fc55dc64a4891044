package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/benchtest-dev/benchtest/reports/store"
	"github.com/benchtest-dev/benchtest/reports/store/pgtemp"
)

// measureWritePostgres compares our writer with what one does who has the rows:
// COPY into temporary tables, and INSERT of those that are not there.
func measureWritePostgres(ctx context.Context) (r []reading, err error) {
	rec, err := ownRecording(ctx)
	if err != nil {
		return nil, err
	}
	server, err := newPostgres(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, server.Remove(ctx)) }()
	next := func() (store.Target, string, error) {
		url, err := server.NewDatabase(ctx)
		if err != nil {
			return store.Target{}, "", err
		}
		t, err := store.ParseTarget(url, "")
		return t, url, err
	}
	return measureWriting(ctx, rec, "pgx", next, writing.rawCopy, "COPY and INSERT ... ON CONFLICT DO NOTHING")
}

// newPostgres starts a server, where there is one to start. The caller removes it.
func newPostgres(ctx context.Context) (*pgtemp.Server, error) {
	server, err := pgtemp.New(ctx)
	if errors.Is(err, pgtemp.ErrMissing) {
		return nil, skip{err.Error()}
	}
	return server, err
}

// rawCopy is the control.
func (w writing) rawCopy(ctx context.Context, t store.Target, url string) (took time.Duration, err error) {
	ours, err := w.prepare(ctx, t)
	if err != nil {
		return 0, err
	}
	if err := ours.Close(); err != nil {
		return 0, err
	}
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	for _, t := range attemptColumns() {
		if _, err := conn.Exec(ctx, fmt.Sprintf("CREATE TEMPORARY TABLE new_%s (LIKE %s) ON COMMIT DELETE ROWS", t[0], t[0])); err != nil {
			return 0, err
		}
	}
	begin := time.Now()
	for _, sets := range w.rows {
		if err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error { return copyIn(ctx, tx, sets) }); err != nil {
			return 0, err
		}
	}
	return time.Since(begin), nil
}

func copyIn(ctx context.Context, tx pgx.Tx, sets []rowSet) error {
	for _, s := range sets {
		if _, err := tx.CopyFrom(ctx, pgx.Identifier{"new_" + s.table}, s.columns, pgx.CopyFromRows(s.rows)); err != nil {
			return err
		}
		columns := strings.Join(s.columns, ", ")
		if _, err := tx.Exec(ctx, fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM new_%s ON CONFLICT DO NOTHING", s.table, columns, columns, s.table)); err != nil {
			return err
		}
	}
	return nil
}
