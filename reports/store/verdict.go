package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/reports"
)

// AddVerdict is Writer's.
func (db *DB) AddVerdict(ctx context.Context, id string, v reports.Verdict) (isNew bool, err error) {
	err = db.transact(ctx, func(conn *sql.Conn, tx *sql.Tx) error {
		given, last, err := givenOn(ctx, tx, id)
		if err != nil {
			return err
		}
		there, err := given.has(ctx, tx, id, v)
		if err != nil || there {
			return err
		}
		isNew = true
		all := rows{}
		all.addVerdict(id, last+1, v)
		return db.fill(ctx, conn, tx, all)
	})
	if err != nil {
		return false, fmt.Errorf("add verdict on %s: %w", id, err)
	}
	return isNew, nil
}

// A given verdict is one of a later day that is there.
type given struct {
	number  int
	at      int64 // unix ms
	rules   string
	outcome rules.Outcome
}

// verdicts are in the order in which they were given. An import may bring one
// after a later one, so their numbers tell nothing.
type verdicts []given

// givenOn lists what was given on an attempt, and the highest number.
func givenOn(ctx context.Context, tx *sql.Tx, id string) (list verdicts, last int, err error) {
	there := false
	found, err := tx.QueryContext(ctx, "SELECT number, decided_unix_ms, rules_digest, outcome FROM verdicts WHERE report_id = $1 ORDER BY decided_unix_ms, number", id)
	err = scanEach(found, err, func(r *sql.Rows) error {
		var g given
		if err := r.Scan(&g.number, &g.at, &g.rules, &g.outcome); err != nil {
			return err
		}
		there, last = true, max(last, g.number)
		if g.number > 0 { // else it is the run's own
			list = append(list, g)
		}
		return nil
	})
	if err == nil && !there {
		err = ErrNotFound
	}
	return list, last, err
}

// has reports whether v is there: given at that moment by the same rules, or
// equal to the one before it or after it. Rules that are applied twice, to a
// run's directory and to what the database has of it, say the same twice.
func (list verdicts) has(ctx context.Context, tx *sql.Tx, id string, v reports.Verdict) (bool, error) {
	at := unixMS(v.At)
	if slices.ContainsFunc(list, func(g given) bool { return g.at == at && g.rules == v.Rules }) {
		return true, nil
	}
	after, _ := slices.BinarySearchFunc(list, at, func(g given, at int64) int {
		if g.at <= at {
			return -1
		}
		return 1
	})
	for _, g := range list[max(after-1, 0):min(after+1, len(list))] {
		same, err := g.same(ctx, tx, id, v)
		if err != nil || same {
			return same, err
		}
	}
	return false, nil
}

// same reports whether g and v come to the same by the same rules.
func (g given) same(ctx context.Context, tx *sql.Tx, id string, v reports.Verdict) (bool, error) {
	if g.rules != v.Rules || g.outcome != v.Outcome {
		return false, nil
	}
	type result struct {
		scope, label, host string
		status             rules.Status
	}
	var was, is []result
	found, err := tx.QueryContext(ctx, "SELECT scope, label, host_name, status FROM rule_results WHERE report_id = $1 AND verdict_number = $2 ORDER BY number", id, g.number)
	err = scanEach(found, err, func(r *sql.Rows) error {
		var x result
		err := r.Scan(&x.scope, &x.label, &x.host, &x.status)
		was = append(was, x)
		return err
	})
	for _, r := range v.Results {
		is = append(is, result{string(r.Scope), text(r.Label), text(r.Host), r.Status})
	}
	return slices.Equal(was, is), err
}
