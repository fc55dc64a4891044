package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/reports"
)

// Report is Reader's.
func (db *DB) Report(ctx context.Context, id string) (Stored, error) {
	var (
		s      Stored
		record string
		packed []byte
		size   sql.NullInt64
	)
	err := db.one(ctx, "SELECT r.record_json, r.remade, j.record_bytes, j.record_zstd FROM scenario_reports r LEFT JOIN jobs j ON j.id = r.id WHERE r.id = $1", id).
		Scan(&record, &s.Attempt.Remade, &size, &packed)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	if err == nil {
		err = json.Unmarshal([]byte(record), &s.Attempt)
	}
	if err == nil && size.Valid && packed != nil {
		s.Job, err = db.unpackJob(packed)
	}
	if err == nil {
		err = db.readVerdicts(ctx, id, &s.Attempt)
	}
	if err != nil {
		return Stored{}, fmt.Errorf("read attempt %s: %w", id, err)
	}
	return s, nil
}

func (db *DB) unpackJob(packed []byte) (*rules.Job, error) {
	body, err := db.unpack(packed)
	if err != nil {
		return nil, err
	}
	j := &rules.Job{}
	return j, json.Unmarshal(body, j)
}

// readVerdicts fills in the results of a's own verdict, and the later ones.
func (db *DB) readVerdicts(ctx context.Context, id string, a *reports.Attempt) error {
	list := []reports.Attempt{*a}
	err := db.fillVerdicts(ctx, list, func(*reports.Attempt) string { return id }, "report_id = $1", id)
	*a = list[0]
	return err
}

// fillVerdicts is readVerdicts for attempts of which id is the row's, and whose
// rows are those that the condition with its argument chooses.
func (db *DB) fillVerdicts(ctx context.Context, list []reports.Attempt, id func(*reports.Attempt) string, condition, arg string) error {
	type verdictID struct {
		report string
		number int
	}
	results := map[verdictID][]rules.Result{}
	err := db.eachOf(ctx, func(r *sql.Rows) error {
		var (
			x rules.Result
			v verdictID
		)
		err := r.Scan(&v.report, &v.number, &x.Scope, &x.Label, &x.Host, &x.Required, &x.Status, &x.Expected, &x.Got, &x.Checkpoint, &x.Raw, &x.Grade, &x.Evidence, &x.Reason, &x.Once)
		results[v] = append(results[v], x)
		return err
	}, `SELECT report_id, verdict_number, scope, label, host_name, required, status, expected, got, checkpoint, raw_observation, grade, evidence, reason, once
		FROM rule_results WHERE `+condition+` ORDER BY report_id, verdict_number, number`, arg)
	if err != nil {
		return err
	}
	later := map[string][]reports.Verdict{}
	err = db.eachOf(ctx, func(r *sql.Rows) error {
		var (
			v  reports.Verdict
			of verdictID
			at int64
		)
		err := r.Scan(&of.report, &of.number, &at, &v.Scenario, &v.Rules, &v.Outcome, &v.Reason, &v.Score, &v.Version)
		v.At, v.Results = fromMS(at), results[of]
		later[of.report] = append(later[of.report], v)
		return err
	}, `SELECT report_id, number, decided_unix_ms, scenario_digest, rules_digest, outcome, reason, compliance_score, benchtest_version
		FROM verdicts WHERE number > 0 AND `+condition+` ORDER BY report_id, decided_unix_ms, number`, arg)
	for i := range list {
		row := id(&list[i])
		list[i].Results, list[i].Rescored = results[verdictID{row, 0}], later[row]
	}
	return err
}
