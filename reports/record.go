package reports

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

// A Record is what is known of one run.
type Record struct {
	Dir  string // of the run; attempts' own are below it. Empty: it comes out of a database
	Info RunInfo
	// Attempts are those that finished, in that order, and then those that never
	// did, as errored: they were attempted.
	Attempts []Attempt
	// Finished is what ended the run; nil where it was killed or still runs.
	Finished *Event
}

// RunsDir is a directory of runs (BENCHTEST_HOME/runs) as a Source. A name is
// a run's ID, or the path of a directory that holds an events.jsonl.
type RunsDir string

// Record reads the events of one run.
func (d RunsDir) Record(_ context.Context, name string) (Record, error) {
	for _, dir := range []string{name, filepath.Join(string(d), name)} {
		if name == "" || dir != name && !validRunID(name) {
			continue // no ID
		}
		rec, err := ReadRecord(filepath.Join(dir, EventsFile))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		return rec, err
	}
	return Record{}, fmt.Errorf("find run %q: %w: want the ID of a run in %s, or a directory with an %s", name, fs.ErrNotExist, string(d), EventsFile)
}

// IDs lists the directories that hold a record.
func (d RunsDir) IDs(_ context.Context, since time.Time) ([]string, error) {
	found, err := fs.Glob(os.DirFS(string(d)), "*/"+EventsFile)
	if err != nil {
		return nil, fmt.Errorf("list runs: %w", err)
	}
	var ids []string
	for _, name := range found { // sorted, which is by time
		id := path.Dir(name)
		at, err := RunTime(id)
		if strings.HasPrefix(id, ".") || err == nil && at.Before(since.Truncate(time.Second)) {
			continue // one that is being flushed, or too old
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// ReadEvidence reads the files of an attempt, and holds them against its digest.
func (d RunsDir) ReadEvidence(_ context.Context, rec Record, a *Attempt, want Wanted) (Evidence, error) {
	r := EvidenceReader{Decoder: &Decoder{Want: want}}
	defer r.Close()
	return r.ReadAttempt(rec.Dir, a)
}

// MendRecord is what to do about a record that cannot be read.
const MendRecord = "mend the record, or take the run's directory away"

// ReadRecord reads an events.jsonl.
func ReadRecord(name string) (Record, error) {
	f, err := os.Open(name)
	if err != nil {
		return Record{}, fmt.Errorf("read record: %w", err)
	}
	defer f.Close()
	var (
		rec   = Record{Dir: filepath.Dir(name)}
		begun []Attempt
		roll  Roll
	)
	noting := func(yield func(Event, error) bool) {
		for e, err := range ReadEvents(f) {
			switch effect := roll.Next(e.Entry()); {
			case effect == Removes:
				begun = slices.DeleteFunc(begun, func(a Attempt) bool { return a.Key == e.Key && a.Iteration == e.Iteration })
			case e.Kind == RunResumed:
				rec.Finished = nil
			case e.Kind == AttemptStarted:
				begun = append(begun, Attempt{RunID: e.RunID, Key: e.Key, Iteration: e.Iteration, Started: e.At, Outcome: rules.Errored, Reason: "interrupted"})
			case e.Kind == RunFinished:
				rec.Finished = &e
			}
			if !yield(e, err) {
				return
			}
		}
	}
	if rec.Attempts, rec.Info, err = Attempts(noting); err != nil {
		return Record{}, fmt.Errorf("%s: %w: %s", name, err, MendRecord)
	}
	ended := map[AttemptName]bool{}
	for _, a := range rec.Attempts {
		ended[a.Name()] = true
	}
	for _, a := range begun {
		if !ended[a.Name()] {
			rec.Attempts = append(rec.Attempts, a)
		}
	}
	return rec, nil
}
