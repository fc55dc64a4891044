package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
	"github.com/benchtest-dev/benchtest/reports"
)

// Evidence is Reader's.
func (db *DB) Evidence(ctx context.Context, id string) (Evidence, error) {
	e, err := db.evidence(ctx, id)
	if err != nil {
		return Evidence{}, fmt.Errorf("read evidence of %s: %w", id, err)
	}
	return e, nil
}

func (db *DB) evidence(ctx context.Context, id string) (Evidence, error) {
	e := Evidence{Facts: map[facts.Checkpoint][]byte{}}
	var (
		transcript, job []byte
		recorded        sql.NullInt64
	)
	err := db.sql.QueryRowContext(ctx, `SELECT t.body_zstd, j.record_zstd, j.record_bytes FROM scenario_reports r
		LEFT JOIN transcripts t ON t.report_id = r.id LEFT JOIN jobs j ON j.id = r.id WHERE r.id = $1`, id).Scan(&transcript, &job, &recorded)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	if err == nil && transcript != nil {
		e.Transcript, err = unpack(transcript, nil)
	}
	switch {
	case err != nil:
		return e, err
	case job != nil:
		if e.Job, err = unpack(job, nil); err != nil {
			return e, err
		}
	case recorded.Valid:
		e.Omitted = append(e.Omitted, "job")
	}
	return e, db.readFacts(ctx, id, &e)
}

func (db *DB) readFacts(ctx context.Context, id string, e *Evidence) error {
	bases, bodies := map[facts.Checkpoint]facts.Checkpoint{}, map[facts.Checkpoint][]byte{}
	err := db.each(ctx, func(r *sql.Rows) error {
		var c, base facts.Checkpoint
		var body []byte
		err := r.Scan(&c, &base, &body)
		if bases[c], bodies[c] = base, body; body == nil {
			e.Omitted = append(e.Omitted, string(c))
		}
		return err
	}, "SELECT checkpoint, base_checkpoint, body_zstd FROM facts WHERE report_id = $1 ORDER BY checkpoint", id)
	if err != nil {
		return err
	}
	for _, c := range checkpoints() { // a base comes before what rests on it
		if bodies[c] == nil {
			continue
		}
		if e.Facts[c], err = unpack(bodies[c], e.Facts[bases[c]]); err != nil {
			return err
		}
	}
	return nil
}

// Decode is the evidence as rules look at it, with the facts that are wanted.
// Where something was omitted it is an error that wraps reports.ErrEvidence.
func (e Evidence) Decode(want reports.Wanted) (reports.Evidence, error) {
	var decoded reports.Evidence
	if len(e.Omitted) > 0 {
		return decoded, fmt.Errorf("%w: %s is too large for the database: judge the run's directory", reports.ErrEvidence, strings.Join(e.Omitted, ", "))
	}
	for _, c := range []facts.Checkpoint{facts.Healthy, facts.Faulted, facts.Sample, facts.After, facts.Held} { // by time
		list, err := reports.DecodeSnapshots(e.Facts[c], want)
		if err != nil {
			return decoded, fmt.Errorf("%w: %s: %w", reports.ErrEvidence, c, err)
		}
		decoded.Snapshots = append(decoded.Snapshots, list...)
	}
	if len(e.Job) == 0 {
		return decoded, nil // the engine left none
	}
	if err := json.Unmarshal(e.Job, &decoded.Job); err != nil {
		return decoded, fmt.Errorf("%w: job record: %w", reports.ErrEvidence, err)
	}
	return decoded, nil
}
