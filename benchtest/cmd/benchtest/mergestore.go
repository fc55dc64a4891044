package main

import (
	"context"
	"errors"
	"strings"

	"github.com/benchtest-dev/benchtest/reports/store"
)

// storeJoined brings the joined run into the database, as a suite does with its
// own. That the database lacks something is told, and changes nothing else: the
// record is on the disk, with a mark for whoever brings it later.
func (e *env) storeJoined(ctx context.Context, url, dir string) error {
	target, err := e.target(url)
	if errors.Is(err, store.ErrNone) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := store.Expect(dir, target); err != nil {
		return err
	}
	db, err := openTarget(ctx, target)
	if err == nil {
		_, err = store.Import(ctx, db, dir)
		err = errors.Join(err, db.Close())
	}
	if err != nil {
		why := strings.Join(strings.Fields(err.Error()), " ") // PostgreSQL's are of several lines
		e.printf(e.stderr, "benchtest merge: %s has not all of the joined run: %s: the next run brings it, and so does benchtest import %s\n", target, why, dir)
	}
	return nil
}
