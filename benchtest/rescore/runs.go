package rescore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"

	"github.com/benchtest-dev/benchtest/reports"
)

// Runs are the directories of runs below Dir (BENCHTEST_HOME/runs): the source
// of truth.
type Runs struct{ Dir string }

// Attempts implements Store. Runs come in the order in which they started; a
// directory without a record is none.
func (r Runs) Attempts(ctx context.Context, c Choice) iter.Seq2[*reports.Attempt, error] {
	return func(yield func(*reports.Attempt, error) bool) {
		dirs, err := os.ReadDir(r.Dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			yield(nil, fmt.Errorf("list runs: %w", err))
			return
		}
		for _, d := range dirs { // sorted by name, which begins with the time
			if !c.mayBeIn(d.Name()) {
				continue
			}
			for a, err := range r.read(d.Name(), c) {
				if err == nil {
					err = ctx.Err()
				}
				if err != nil {
					yield(nil, err)
					return
				}
				if c.Chooses(a) && !yield(a, nil) {
					return
				}
			}
		}
	}
}

// mayBeIn reports whether the run can hold what is chosen.
func (c Choice) mayBeIn(run string) bool {
	return !strings.HasPrefix(run, ".") && (c.Benchmark == "" || c.Benchmark == run) && (c.Job == "" || strings.HasPrefix(c.Job, run+"/"))
}

// read yields what the run recorded; nothing where it is too old, or is no run.
func (r Runs) read(run string, c Choice) iter.Seq2[*reports.Attempt, error] {
	return func(yield func(*reports.Attempt, error) bool) {
		f, err := os.Open(filepath.Join(r.Dir, run, reports.EventsFile))
		if errors.Is(err, fs.ErrNotExist) {
			return
		}
		if err != nil {
			yield(nil, fmt.Errorf("open run: %w", err))
			return
		}
		defer f.Close()
		info, err := f.Stat()
		if err != nil {
			yield(nil, fmt.Errorf("open run: %w", err))
			return
		}
		for a, err := range reports.StreamAttempts(f, info.Size()) {
			if err == nil && a.RunID != run { // its evidence and its verdict would be another's
				err = fmt.Errorf("attempt %s/i%d is recorded as one of run %s", a.Key, a.Iteration, reports.Visible(a.RunID))
			}
			if err != nil {
				err = fmt.Errorf("%s: %w: %s", f.Name(), err, reports.MendRecord)
			} else if a.Started.Before(c.Since) {
				continue
			}
			if !yield(a, err) {
				return
			}
		}
	}
}

// Evidence implements Store.
func (r Runs) Evidence(_ context.Context, a *reports.Attempt, reader *reports.EvidenceReader) (reports.Evidence, error) {
	return reader.ReadAttempt(filepath.Join(r.Dir, a.RunID), a)
}

// Append implements Store.
func (r Runs) Append(_ context.Context, a *reports.Attempt, v reports.Verdict) error {
	log, err := reports.OpenLog(filepath.Join(r.Dir, a.RunID, reports.EventsFile))
	if err != nil {
		return err
	}
	return errors.Join(log.Append(reports.Event{Kind: reports.Rescored, RunID: a.RunID, Key: a.Key, Iteration: a.Iteration, Verdict: &v}), log.Close())
}
