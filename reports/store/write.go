package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// SaveBenchmark is Writer's. A run that was resumed has not ended again; that
// is how the last one to save sees it.
func (db *DB) SaveBenchmark(ctx context.Context, b Benchmark) error {
	record, err := json.Marshal(b.Info)
	if err != nil {
		return fmt.Errorf("encode run %s: %w", b.Info.RunID, err)
	}
	var ended, exit any
	reason := ""
	if b.End != nil {
		ended, exit, reason = unixMS(b.End.At), int64(b.End.Exit), b.End.Reason
	}
	i := b.Info
	_, err = db.sql.ExecContext(ctx, benchmarkTable.insert+` ON CONFLICT (id) DO UPDATE SET ended_unix_ms = excluded.ended_unix_ms,
		alive_unix_ms = excluded.alive_unix_ms, exit_status = excluded.exit_status, end_reason = excluded.end_reason`,
		text(i.RunID), unixMS(i.Started), ended, unixMS(b.Alive), exit, text(reason), text(i.Provider), text(i.Engine), text(i.Gateway), text(i.Gate),
		i.Seed, text(i.Capacity.Hostname), int64(i.Capacity.VCPU), int64(i.Capacity.MemoryMiB), text(i.Version), text(b.Dir), string(record))
	if err != nil {
		return fmt.Errorf("save benchmark %s: %w", b.Info.RunID, err)
	}
	return nil
}

// Add is Writer's.
func (db *DB) Add(ctx context.Context, list []Report) (added int, err error) {
	if len(list) == 0 {
		return 0, nil
	}
	list, k, ids := slices.Clone(list), &packer{}, make([]string, len(list))
	for i := range list { // before the transaction, for which others wait
		if err := list[i].pack(k); err != nil {
			return 0, err
		}
		ids[i] = list[i].ID()
	}
	err = db.transact(ctx, func(conn *sql.Conn, tx *sql.Tx) error {
		known, err := db.dialect.known(ctx, tx, ids)
		if err != nil {
			return err
		}
		all := rows{}
		for i, p := range list {
			if slices.Contains(known, ids[i]) {
				continue
			}
			known = append(known, ids[i])
			added++
			all.merge(p.rows)
		}
		return db.fill(ctx, conn, tx, all)
	})
	if err != nil {
		return 0, fmt.Errorf("add attempts: %w", err)
	}
	return added, nil
}

func (db *DB) fill(ctx context.Context, conn *sql.Conn, tx *sql.Tx, all rows) error {
	for _, t := range attemptTables() {
		if len(all[t.name]) == 0 {
			continue
		}
		if err := db.dialect.fill(ctx, conn, tx, t, all[t.name]); err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
	}
	return nil
}

// MarkRemade is Writer's.
func (db *DB) MarkRemade(ctx context.Context, ids []string) error {
	for some := range slices.Chunk(ids, maxArgs) {
		w := &where{}
		w.in("id", some)
		w.and("NOT remade")
		if _, err := db.sql.ExecContext(ctx, "UPDATE scenario_reports SET remade = TRUE"+w.String(), w.args...); err != nil {
			return fmt.Errorf("mark attempts that were made again: %w", err)
		}
	}
	return nil
}

// transact runs do in a transaction. On error nothing of it is left.
func (db *DB) transact(ctx context.Context, do func(*sql.Conn, *sql.Tx) error) (err error) {
	conn, err := db.sql.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := do(conn, tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}
