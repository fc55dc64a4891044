package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/reports"
)

// ReportIDs lists attempts in the order in which they began.
func (db *DB) ReportIDs(ctx context.Context, f Filter) (ids []string, err error) {
	w := ofReports(f)
	err = db.each(ctx, func(r *sql.Rows) error {
		ids = append(ids, "")
		return r.Scan(&ids[len(ids)-1])
	}, "SELECT id FROM scenario_reports"+w.String()+" ORDER BY started_unix_ms, id", w.args...)
	if err != nil {
		return nil, fmt.Errorf("list attempts: %w", err)
	}
	return ids, nil
}

// JudgedAtOnce is how many attempts ReadJudged reads at most. They are without
// evidence, so that this is little, and a query for each would take longer.
const JudgedAtOnce = 32

// ReadJudged are the attempts with these ids as far as reports.ReadJudged reads
// them, with the verdicts that were given since. Of results that anyone can come
// to again they may have no more than name and status.
func (db *DB) ReadJudged(ctx context.Context, ids ...string) ([]reports.Attempt, error) {
	if len(ids) == 0 || len(ids) > JudgedAtOnce {
		return nil, fmt.Errorf("read attempts: %d are not 1 to %d", len(ids), JudgedAtOnce)
	}
	list, err := db.readJudged(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("read attempts %s to %s: %w", ids[0], ids[len(ids)-1], err)
	}
	return list, nil
}

func (db *DB) readJudged(ctx context.Context, ids []string) ([]reports.Attempt, error) {
	at := make(map[string]int, len(ids))
	for i, id := range ids {
		at[id] = i
	}
	list, rejudged, found := make([]reports.Attempt, len(ids)), make([]bool, len(ids)), 0
	err := db.eachAtOnce(ctx, func(r *sql.Rows) error {
		var id string
		var record []byte
		var last int
		err := r.Scan(&id, &record, &last)
		if err == nil {
			list[at[id]], err = reports.ReadJudged(record)
		}
		found, rejudged[at[id]] = found+1, last > 0
		return err
	}, "SELECT id, record_json, (SELECT max(number) FROM verdicts WHERE report_id = scenario_reports.id) FROM scenario_reports WHERE %s", "id", ids)
	if err == nil && found < len(ids) {
		err = ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	err = db.eachAtOnce(ctx, func(r *sql.Rows) error {
		var id string
		var x rules.Result
		err := r.Scan(&id, &x.Scope, &x.Label, &x.Host, &x.Required, &x.Status, &x.Once)
		list[at[id]].Results = append(list[at[id]].Results, x)
		return err
	}, "SELECT report_id, scope, label, host_name, required, status, once FROM rule_results WHERE %s AND verdict_number = 0 ORDER BY report_id, number", "report_id", ids)
	for i := range list {
		a := &list[i]
		if err == nil && (rejudged[i] || slices.ContainsFunc(a.Results, func(r rules.Result) bool { return r.Once })) {
			err = db.readVerdicts(ctx, ids[i], a)
		}
	}
	return list, err
}

// eachAtOnce is eachOf for JudgedAtOnce ids at most. column is one of them where
// the query has %s.
func (db *DB) eachAtOnce(ctx context.Context, scan func(*sql.Rows) error, query, column string, ids []string) error {
	w := where{}
	// Fewer are filled up with the last: the text stays the same, and prepared.
	one := w.oneOf(column, append(slices.Clone(ids), slices.Repeat(ids[len(ids)-1:], JudgedAtOnce-len(ids))...))
	return db.eachOf(ctx, scan, fmt.Sprintf(query, one), w.args...)
}

// Judged is ReadEvidence for one attempt after the other, with what r has.
func (db *DB) Judged(ctx context.Context, a *reports.Attempt, r *reports.EvidenceReader) (reports.Evidence, error) {
	e, err := db.readEvidence(ctx, text(a.ID()), r.Room)
	if errors.Is(err, ErrNotFound) {
		err = fmt.Errorf("%w: %w", reports.ErrEvidence, err)
	}
	if err != nil {
		return reports.Evidence{}, err
	}
	return e.Decode(r.Decoder)
}
