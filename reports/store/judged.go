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

// ReadJudged is the attempt as far as reports.ReadJudged reads it, with the
// verdicts that were given since. Of results that anyone can come to again it may
// have no more than name and status.
func (db *DB) ReadJudged(ctx context.Context, id string) (reports.Attempt, error) {
	a, err := db.readJudged(ctx, id)
	if err != nil {
		return a, fmt.Errorf("read attempt %s: %w", id, err)
	}
	return a, nil
}

func (db *DB) readJudged(ctx context.Context, id string) (a reports.Attempt, err error) {
	var record []byte
	var last int
	err = db.one(ctx, "SELECT record_json, (SELECT max(number) FROM verdicts WHERE report_id = $1) FROM scenario_reports WHERE id = $1", id).Scan(&record, &last)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	if err == nil {
		a, err = reports.ReadJudged(record)
	}
	if err == nil {
		err = db.eachOf(ctx, func(r *sql.Rows) error {
			a.Results = append(a.Results, rules.Result{})
			x := &a.Results[len(a.Results)-1]
			return r.Scan(&x.Scope, &x.Label, &x.Host, &x.Required, &x.Status, &x.Once)
		}, "SELECT scope, label, host_name, required, status, once FROM rule_results WHERE report_id = $1 AND verdict_number = 0 ORDER BY number", id)
	}
	if err != nil {
		return a, err
	}
	if last > 0 || slices.ContainsFunc(a.Results, func(r rules.Result) bool { return r.Once }) {
		err = db.readVerdicts(ctx, id, &a)
	}
	return a, err
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
