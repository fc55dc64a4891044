package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/benchtest-dev/benchtest/reports"
)

// each scans the rows of a query.
func (db *DB) each(ctx context.Context, scan func(*sql.Rows) error, query string, args ...any) error {
	found, err := db.sql.QueryContext(ctx, query, args...)
	return scanEach(found, err, scan)
}

func scanEach(found *sql.Rows, err error, scan func(*sql.Rows) error) error {
	if err != nil {
		return err
	}
	defer found.Close() //nolint:errcheck // Err says what went wrong
	for found.Next() {
		if err := scan(found); err != nil {
			return err
		}
	}
	return found.Err()
}

// benchmarks is the query for the runs that f chooses.
func (f Filter) benchmarks() (query string, args []any) {
	w := &where{}
	w.in("id", f.Benchmarks)
	w.runs("id", f)
	if !f.Since.IsZero() {
		w.and("started_unix_ms >= " + w.mark(unixMS(f.Since)))
	}
	if len(f.Scenarios) > 0 {
		w.and("id IN (SELECT benchmark_id FROM scenario_reports WHERE " + w.oneOf("scenario_key", f.Scenarios) + ")")
	}
	return "SELECT ended_unix_ms, alive_unix_ms, exit_status, end_reason, run_dir, record_json FROM benchmarks" + w.String() + " ORDER BY started_unix_ms DESC, id DESC", w.args
}

// Benchmarks is Reader's.
func (db *DB) Benchmarks(ctx context.Context, f Filter) ([]Benchmark, error) {
	var list []Benchmark
	query, args := f.benchmarks()
	err := db.each(ctx, func(r *sql.Rows) error {
		var (
			record, reason string
			alive          int64
			ended, exit    sql.NullInt64
			b              Benchmark
		)
		if err := r.Scan(&ended, &alive, &exit, &reason, &b.Dir, &record); err != nil {
			return err
		}
		if ended.Valid {
			b.End = &End{At: fromMS(ended.Int64), Exit: int(exit.Int64), Reason: reason}
		}
		b.Alive = fromMS(alive)
		list = append(list, b)
		return json.Unmarshal([]byte(record), &list[len(list)-1].Info)
	}, query, args...)
	if err != nil {
		return nil, fmt.Errorf("list benchmarks: %w", err)
	}
	return list, nil
}

// ofReports makes the conditions on scenario_reports.
func ofReports(f Filter) *where {
	w := &where{}
	w.in("benchmark_id", f.Benchmarks)
	w.in("scenario_key", f.Scenarios)
	w.runs("benchmark_id", f)
	if !f.Since.IsZero() {
		w.and("started_unix_ms >= " + w.mark(unixMS(f.Since)))
	}
	return w
}

// Reports is Reader's.
func (db *DB) Reports(ctx context.Context, f Filter) ([]reports.Attempt, error) {
	w := ofReports(f)
	var list []reports.Attempt
	err := db.each(ctx, func(r *sql.Rows) error {
		var record string
		list = append(list, reports.Attempt{})
		a := &list[len(list)-1]
		if err := r.Scan(&record, &a.Remade); err != nil {
			return err
		}
		return json.Unmarshal([]byte(record), a)
	}, "SELECT record_json, remade FROM scenario_reports"+w.String()+" ORDER BY started_unix_ms, id", w.args...)
	if err != nil {
		return nil, fmt.Errorf("list attempts: %w", err)
	}
	return list, nil
}

// overview is the query for the counts of what f chooses. An index has all that
// it looks at, but for Since.
func (f Filter) overview() (query string, args []any) { return countsOf(ofReports(f)) }

// remade is overview of those that were made again.
func (f Filter) remade() (query string, args []any) {
	w := ofReports(f)
	w.and("remade")
	return countsOf(w)
}

func countsOf(w *where) (query string, args []any) {
	return "SELECT benchmark_id, scenario_key, outcome, count(*), sum(compliance_score), sum(CASE WHEN compliance_score >= 1 THEN 1 ELSE 0 END) FROM scenario_reports" + w.String() +
		" GROUP BY benchmark_id, scenario_key, outcome ORDER BY benchmark_id, scenario_key, outcome", w.args
}

// Overview is Reader's.
func (db *DB) Overview(ctx context.Context, f Filter) ([]Cell, error) {
	// In this order, since no more may be taken off than was counted: what comes
	// between the two queries shows the next time.
	query, args := f.remade()
	less, err := db.cells(ctx, query, args)
	if err != nil {
		return nil, err
	}
	query, args = f.overview()
	list, err := db.cells(ctx, query, args)
	if err != nil || len(less) == 0 {
		return list, err
	}
	type name struct{ benchmark, scenario, outcome string }
	of := make(map[name]Cell, len(less))
	for _, c := range less {
		of[name{c.Benchmark, c.Scenario, string(c.Outcome)}] = c
	}
	left := list[:0]
	for _, c := range list {
		l := of[name{c.Benchmark, c.Scenario, string(c.Outcome)}]
		c.Attempts, c.Score, c.Compliant = c.Attempts-l.Attempts, c.Score-l.Score, c.Compliant-l.Compliant
		if c.Attempts > 0 {
			left = append(left, c)
		}
	}
	return left, nil
}

func (db *DB) cells(ctx context.Context, query string, args []any) ([]Cell, error) {
	var list []Cell
	err := db.each(ctx, func(r *sql.Rows) error {
		var c Cell
		if err := r.Scan(&c.Benchmark, &c.Scenario, &c.Outcome, &c.Attempts, &c.Score, &c.Compliant); err != nil {
			return err
		}
		list = append(list, c)
		return nil
	}, query, args...)
	if err != nil {
		return nil, fmt.Errorf("count outcomes: %w", err)
	}
	return list, nil
}
