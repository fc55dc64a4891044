package reports

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

// A Record is what is known of one run.
type Record struct {
	Dir  string // of the run; attempts' own are below it
	Info RunInfo
	// Attempts are those that finished, in that order, and then those that never
	// did, as errored: they were attempted.
	Attempts []Attempt
	// Finished is what ended the run; nil where it was killed or still runs.
	Finished *Event
}

// A Source finds the records of runs. A name that it does not know is an error
// that is fs.ErrNotExist. It may be used concurrently.
type Source interface {
	Record(ctx context.Context, name string) (Record, error)
}

// RunsDir is a directory of runs (BENCHTEST_HOME/runs) as a Source. A name is
// a run's ID, or the path of a directory that holds an events.jsonl.
type RunsDir string

// Record reads the events of one run.
func (d RunsDir) Record(_ context.Context, name string) (Record, error) {
	for _, dir := range []string{name, filepath.Join(string(d), name)} {
		if dir != name && (name == "." || filepath.Base(name) != name) {
			continue // no ID
		}
		rec, err := ReadRecord(filepath.Join(dir, EventsFile))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		return rec, err
	}
	return Record{}, fmt.Errorf("find run %q: %w: want a directory with an events.jsonl, or the ID of a run in %s", name, fs.ErrNotExist, string(d))
}

// ReadRecord reads an events.jsonl.
func ReadRecord(path string) (Record, error) {
	f, err := os.Open(path)
	if err != nil {
		return Record{}, fmt.Errorf("read record: %w", err)
	}
	defer f.Close()
	var (
		rec   = Record{Dir: filepath.Dir(path)}
		begun []Attempt
	)
	noting := func(yield func(Event, error) bool) {
		for e, err := range ReadEvents(f) {
			switch e.Kind {
			case AttemptStarted:
				begun = append(begun, Attempt{RunID: e.RunID, Key: e.Key, Iteration: e.Iteration, Started: e.At, Outcome: rules.Errored, Reason: "interrupted"})
			case RunFinished:
				rec.Finished = &e
			}
			if !yield(e, err) {
				return
			}
		}
	}
	if rec.Attempts, rec.Info, err = Attempts(noting); err != nil {
		return Record{}, fmt.Errorf("%s: %w", path, err)
	}
	type name struct {
		key string
		n   int
	}
	ended := map[name]bool{}
	for _, a := range rec.Attempts {
		ended[name{a.Key, a.Iteration}] = true
	}
	for _, a := range begun {
		if !ended[name{a.Key, a.Iteration}] {
			rec.Attempts = append(rec.Attempts, a)
		}
	}
	return rec, nil
}
