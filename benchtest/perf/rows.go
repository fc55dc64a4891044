package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/benchtest-dev/benchtest/reports"
	"github.com/benchtest-dev/benchtest/reports/store"
)

// A rowSet is rows of one table, as they came out of a database.
type rowSet struct {
	table   string
	columns []string
	rows    [][]any
}

// attemptColumns is the column that holds an attempt's ID, by table, in the order
// in which rows refer to each other.
func attemptColumns() [][2]string {
	return [][2]string{
		{"scenario_reports", "id"},
		{"jobs", "id"},
		{"tasks", "job_id"},
		{"tickets", "id"},
		{"verdicts", "report_id"},
		{"rule_results", "report_id"},
		{"facts", "report_id"},
		{"transcripts", "report_id"},
	}
}

// rowsOf reads all rows of one attempt.
func rowsOf(ctx context.Context, db *sql.DB, id string) ([]rowSet, error) {
	var all []rowSet
	for _, t := range attemptColumns() {
		set, err := readRows(ctx, db, t[0], t[1], id)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", t[0], err)
		}
		if len(set.rows) > 0 {
			all = append(all, set)
		}
	}
	return all, nil
}

func readRows(ctx context.Context, db *sql.DB, table, column, id string) (set rowSet, err error) {
	found, err := db.QueryContext(ctx, "SELECT * FROM "+table+" WHERE "+column+" = $1", id)
	if err != nil {
		return set, err
	}
	defer func() { err = errors.Join(err, found.Close()) }()
	set.table = table
	if set.columns, err = found.Columns(); err != nil {
		return set, err
	}
	for found.Next() {
		values, to := make([]any, len(set.columns)), make([]any, len(set.columns))
		for i := range values {
			to[i] = &values[i]
		}
		if err := found.Scan(to...); err != nil {
			return set, err
		}
		set.rows = append(set.rows, values)
	}
	return set, found.Err()
}

// insert is the statement for one row.
func (s rowSet) insert() string {
	marks := make([]string, len(s.columns))
	for i := range marks {
		marks[i] = fmt.Sprintf("$%d", i+1)
	}
	return fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", s.table, strings.Join(s.columns, ", "), strings.Join(marks, ", "))
}

// A writing is attempts as our writer gets them, and as the rows that it makes
// of them.
type writing struct {
	bench store.Benchmark
	list  []store.Report
	rows  [][]rowSet // of each of list
}

// newWriting makes n attempts out of rec, and takes their rows from a database
// that has them.
func newWriting(ctx context.Context, rec recording, n int, t store.Target, open func() (*sql.DB, error)) (w writing, err error) {
	w.bench = store.Benchmark{Info: reports.RunInfo{RunID: "perf", Started: time.Now(), Provider: "local", Engine: "oracle"}, Alive: time.Now()}
	for i := range n {
		w.list = append(w.list, rec.attempts[i%len(rec.attempts)].as(w.bench.Info.RunID, i+1))
	}
	if _, err := w.ours(ctx, t); err != nil {
		return w, err
	}
	raw, err := open()
	if err != nil {
		return w, err
	}
	defer func() { err = errors.Join(err, raw.Close()) }()
	for _, r := range w.list {
		rows, err := rowsOf(ctx, raw, r.ID())
		if err != nil {
			return w, err
		}
		w.rows = append(w.rows, rows)
	}
	return w, nil
}

// prepare makes the tables in a database that has nothing, and the row of the
// benchmark.
func (w writing) prepare(ctx context.Context, t store.Target) (*store.DB, error) {
	db, err := store.Open(ctx, t)
	if err != nil {
		return nil, err
	}
	if err := db.SaveBenchmark(ctx, w.bench); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// ours is how long our writer takes, with one transaction an attempt, made into
// rows and compressed meanwhile as in an import.
func (w writing) ours(ctx context.Context, t store.Target) (took time.Duration, err error) {
	db, err := w.prepare(ctx, t)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	begin := time.Now()
	ahead, added := store.NewPacking(), 0
	for i := range len(w.list) + packedAhead {
		if i < len(w.list) {
			ahead.Put(w.list[i])
		}
		if i < packedAhead {
			continue
		}
		r, err := ahead.Take()
		if err != nil {
			return 0, err
		}
		n, err := db.Add(ctx, []store.Report{r})
		if err != nil {
			return 0, err
		}
		added += n
	}
	took = time.Since(begin)
	if added != len(w.list) {
		return 0, fmt.Errorf("%d of %d attempts were new", added, len(w.list))
	}
	return took, nil
}

// packedAhead is how many attempts are compressed while others are written.
const packedAhead = 16

// bytes is what the rows hold in compressed columns.
func (w writing) bytes() (n int) {
	for _, sets := range w.rows {
		for _, s := range sets {
			for _, row := range s.rows {
				for _, v := range row {
					if b, ok := v.([]byte); ok {
						n += len(b)
					}
				}
			}
		}
	}
	return n
}
