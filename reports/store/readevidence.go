package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
	"github.com/benchtest-dev/benchtest/reports"
)

// Evidence is Reader's.
func (db *DB) Evidence(ctx context.Context, id string) (Evidence, error) {
	e, err := db.readEvidence(ctx, id, newRoom)
	if err == nil {
		e.Transcript, err = db.readTranscript(ctx, id)
	}
	if err != nil {
		return Evidence{}, fmt.Errorf("read evidence of %s: %w", id, err)
	}
	return e, nil
}

func newRoom(n int) []byte { return make([]byte, 0, n) }

func (db *DB) readTranscript(ctx context.Context, id string) ([]byte, error) {
	var packed []byte
	err := db.one(ctx, "SELECT body_zstd FROM transcripts WHERE report_id = $1", id).Scan(&packed)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return db.unpack(packed)
}

// storedFacts are the facts of one attempt as they are stored, by checkpoint in
// their order. One that is not there has a nil body.
type storedFacts struct {
	bases  []facts.Checkpoint
	sizes  []int64
	bodies [][]byte
}

// evidenceQuery is for the facts of one attempt and, at no checkpoint, its job.
const evidenceQuery = `SELECT checkpoint, base_checkpoint, body_bytes, body_zstd FROM facts WHERE report_id = $1
	UNION ALL SELECT '', '', record_bytes, record_zstd FROM jobs WHERE id = $1`

// readEvidence reads what rules look at: all but the transcript. The facts are in
// one room.
func (db *DB) readEvidence(ctx context.Context, id string, room func(int) []byte) (Evidence, error) {
	e := Evidence{Facts: map[facts.Checkpoint][]byte{}}
	n := len(checkpoints())
	f := storedFacts{make([]facts.Checkpoint, n), make([]int64, n), make([][]byte, n)}
	there := false
	err := db.eachOf(ctx, func(r *sql.Rows) error {
		there = true
		var c, base facts.Checkpoint
		var size int64
		var body []byte
		err := r.Scan(&c, &base, &size, &body)
		switch i := slices.Index(checkpoints(), c); {
		case err != nil:
		case body == nil:
			e.Omitted = append(e.Omitted, cmp.Or(string(c), "job"))
		case c == "":
			e.Job, err = db.unpack(body)
		case i >= 0:
			f.bases[i], f.sizes[i], f.bodies[i] = base, size, body
		}
		return err
	}, evidenceQuery, id)
	slices.Sort(e.Omitted)
	if err == nil && !there {
		err = db.find(ctx, id)
	}
	if err != nil {
		return e, err
	}
	bodies, err := f.unpack(db.unpacker, room)
	for i, c := range checkpoints() {
		if err == nil && f.bodies[i] != nil {
			e.Facts[c] = bodies[i]
		}
	}
	return e, err
}

// find is ErrNotFound where there is no such attempt.
func (db *DB) find(ctx context.Context, id string) error {
	var found int
	err := db.one(ctx, "SELECT 1 FROM scenario_reports WHERE id = $1", id).Scan(&found)
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNotFound
	}
	return err
}

func (f storedFacts) unpack(u unpacker, room func(int) []byte) (bodies [][]byte, err error) {
	rests := func(i int) bool { return f.bases[i] != "" && based(f.bodies[i]) }
	if !slices.ContainsFunc(f.bodies, based) {
		return make([][]byte, len(f.bodies)), nil
	}
	chain := slices.Clone(f.bodies)
	for i := range chain {
		if rests(i) {
			chain[i] = nil
		}
	}
	if bodies, err = u.chain(chain, f.sizes, room); err != nil {
		return nil, err
	}
	for i := range bodies {
		if !rests(i) {
			continue
		}
		base := slices.Index(checkpoints(), f.bases[i])
		if base < 0 {
			return nil, fmt.Errorf("%s rests on %s, which is none", checkpoints()[i], f.bases[i])
		}
		if bodies[i], err = unpackBased(f.bodies[i], bodies[base]); err != nil {
			return nil, err
		}
	}
	return bodies, nil
}

// Decode is the evidence as rules look at it, with the facts that decoder wants.
// Where something was omitted it is an error that wraps reports.ErrEvidence.
func (e Evidence) Decode(decoder *reports.Decoder) (reports.Evidence, error) {
	var decoded reports.Evidence
	if len(e.Omitted) > 0 {
		return decoded, fmt.Errorf("%w: %s is too large for the database: judge the run's directory", reports.ErrEvidence, strings.Join(e.Omitted, ", "))
	}
	for _, c := range []facts.Checkpoint{facts.Healthy, facts.Faulted, facts.Sample, facts.After, facts.Held} { // by time
		list, err := decoder.Decode(e.Facts[c])
		if err != nil {
			return decoded, fmt.Errorf("%w: %s: %w", reports.ErrEvidence, c, err)
		}
		decoded.Snapshots = append(decoded.Snapshots, list...)
	}
	if len(e.Job) == 0 {
		return decoded, nil // the engine left none
	}
	var err error
	if decoded.Job, err = reports.ReadJob(e.Job); err != nil {
		return decoded, fmt.Errorf("%w: job record: %w", reports.ErrEvidence, err)
	}
	return decoded, nil
}
