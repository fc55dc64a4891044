package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"
)

// A Selection chooses attempts to be removed: those that all set fields choose.
// With none set it chooses nothing.
type Selection struct {
	Before    time.Time // of runs that started before
	Scenarios []string  // at these keys
	All       bool
	// Except are benchmarks that stay, whatever they are: those known to run.
	Except []string
}

func (s Selection) empty() bool { return s.Before.IsZero() && len(s.Scenarios) == 0 && !s.All }

// Pruned says what Prune removed, or would.
type Pruned struct {
	// Attempts are the IDs of scenario_reports, and Benchmarks those of runs of
	// which nothing is left.
	Attempts, Benchmarks []string
	// Running are benchmarks that were chosen and go on.
	Running []string
}

// Prune is Pruner's.
func (db *DB) Prune(ctx context.Context, s Selection, preview bool) (p Pruned, err error) {
	if s.empty() {
		return p, nil
	}
	err = db.transact(ctx, func(_ *sql.Conn, tx *sql.Tx) error {
		if p, err = s.choose(ctx, tx, time.Now()); err != nil || preview {
			return err
		}
		return p.remove(ctx, tx)
	})
	if err != nil {
		return Pruned{}, fmt.Errorf("prune: %w", err)
	}
	return p, nil
}

// choose lists what s chooses.
func (s Selection) choose(ctx context.Context, tx *sql.Tx, now time.Time) (p Pruned, err error) {
	const joined = " FROM benchmarks b LEFT JOIN scenario_reports r ON r.benchmark_id = b.id"
	list := func(to *[]string, query string, w *where) {
		if err == nil {
			err = eachIn(ctx, tx, func(id string) { *to = append(*to, id) }, query+w.String()+" ORDER BY 1", w.args...)
		}
	}
	w := s.where()
	w.and(s.running(w, now))
	list(&p.Running, "SELECT DISTINCT b.id"+joined, w)

	w = s.where()
	w.and("NOT " + s.running(w, now))
	w.and("r.id IS NOT NULL")
	list(&p.Attempts, "SELECT r.id"+joined, w)

	// A run goes with the last of its attempts.
	w = s.where()
	w.and("NOT " + s.running(w, now))
	if len(s.Scenarios) > 0 {
		w.and("NOT EXISTS (SELECT 1 FROM scenario_reports o WHERE o.benchmark_id = b.id AND NOT " + w.oneOf("o.scenario_key", s.Scenarios) + ")")
	}
	list(&p.Benchmarks, "SELECT DISTINCT b.id"+joined, w)
	return p, err
}

func (s Selection) where() *where {
	w := &where{}
	if !s.Before.IsZero() {
		w.and("b.started_unix_ms < " + w.mark(unixMS(s.Before)))
	}
	w.in("r.scenario_key", s.Scenarios)
	return w
}

// running is the condition that a benchmark goes on: it has not ended, and was
// heard of within aliveLimit.
func (s Selection) running(w *where, now time.Time) string {
	live := "b.ended_unix_ms IS NULL AND b.alive_unix_ms > " + w.mark(unixMS(now.Add(-aliveLimit)))
	if len(s.Except) > 0 {
		live += " OR " + w.oneOf("b.id", s.Except)
	}
	return "(" + live + ")"
}

// maxArgs bounds the arguments of one statement.
const maxArgs = 500

// remove removes the rows; the rows that hang on it go with it.
func (p Pruned) remove(ctx context.Context, tx *sql.Tx) error {
	for _, d := range []struct {
		table string
		ids   []string
	}{{"scenario_reports", p.Attempts}, {"benchmarks", p.Benchmarks}} {
		for ids := range slices.Chunk(d.ids, maxArgs) {
			w := &where{}
			w.in("id", ids)
			if _, err := tx.ExecContext(ctx, "DELETE FROM "+d.table+w.String(), w.args...); err != nil {
				return err
			}
		}
	}
	return nil
}

func eachIn(ctx context.Context, tx *sql.Tx, do func(id string), query string, args ...any) error {
	found, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer found.Close() //nolint:errcheck // Err says what went wrong
	for found.Next() {
		var id string
		if err := found.Scan(&id); err != nil {
			return err
		}
		do(id)
	}
	return found.Err()
}

// Keys is Pruner's.
func (db *DB) Keys(ctx context.Context) ([]string, error) {
	var list []string
	err := db.each(ctx, func(r *sql.Rows) error {
		var key string
		err := r.Scan(&key)
		list = append(list, key)
		return err
	}, "SELECT DISTINCT scenario_key FROM scenario_reports ORDER BY scenario_key")
	if err != nil {
		return nil, fmt.Errorf("list scenarios: %w", err)
	}
	return list, nil
}
