package reports

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Interrupted is how the reason of an attempt begins whose process was killed.
const Interrupted = "interrupted"

// OpenRun opens a run that was made before, to go on with it or to see what is
// left of it. While its own process lives that is ErrRunning.
func OpenRun(runs, id string) (*Run, error) {
	if !validRunID(id) {
		return nil, fmt.Errorf("open run: bad ID %q", id)
	}
	root, err := os.OpenRoot(filepath.Join(runs, id))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open run: there is no run %s in %s", id, runs)
	}
	if err != nil {
		return nil, fmt.Errorf("open run: %w", err)
	}
	r, err := openRun(root, runs, id, 0)
	if err != nil {
		return nil, err
	}
	if err := r.dropSpares(); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// dropSpares removes the directories that a killed process kept ready.
func (r *Run) dropSpares() error {
	left, err := fs.Glob(r.root.FS(), "attempts/"+spareName+"*")
	if err != nil {
		return fmt.Errorf("list spare directories: %w", err)
	}
	var errs []error
	for _, name := range left {
		errs = append(errs, r.root.RemoveAll(filepath.FromSlash(name)))
	}
	return errors.Join(errs...)
}

// Recorded is what a run has on disk.
type Recorded struct {
	Info     RunInfo
	Attempts []Attempt // that have a verdict
	// Interrupted are those of them that were found without one.
	Interrupted []Attempt
}

// Recover reads the record of a run that OpenRun has opened. An attempt that
// began and has no verdict gets one, errored, since its process was killed; and
// a run without an end gets that.
func (r *Run) Recover() (Recorded, error) {
	f, err := r.root.Open(EventsFile)
	if err != nil {
		return Recorded{}, fmt.Errorf("read run: %w", err)
	}
	defer f.Close()
	c := census{begun: map[string]Event{}}
	all, info, err := Attempts(c.watch(ReadEvents(f)))
	rec := Recorded{Info: info, Attempts: all}
	if err != nil {
		return rec, fmt.Errorf("read run %s: %w", r.ID, err)
	}
	if info.RunID == "" || c.ended && len(c.begun) == 0 {
		return rec, nil
	}
	for _, id := range c.order {
		e, open := c.begun[id]
		if !open {
			continue
		}
		a := interrupted(info, e)
		if err := r.Log.Append(Event{Kind: AttemptFinished, RunID: r.ID, Key: a.Key, Iteration: a.Iteration, Attempt: &a}); err != nil {
			return rec, err
		}
		rec.Interrupted = append(rec.Interrupted, a)
	}
	rec.Attempts = append(rec.Attempts, rec.Interrupted...)
	return rec, r.Log.Append(killed(r.ID))
}

// killed ends the record of a run whose process could not.
func killed(id string) Event {
	return Event{Kind: RunFinished, RunID: id, Exit: 1, Reason: Interrupted + ": its process was killed"}
}

// NoteFlushed notes in the record of the run in dir, which LockRun holds, that
// attempts are gone. Of a run that was killed it first notes the end: readers
// believe no flushing before that (Roll).
func NoteFlushed(dir string, attempts ...Attempt) error {
	name := filepath.Join(dir, EventsFile)
	f, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("read run: %w", err)
	}
	defer f.Close()
	var roll Roll
	for l, err := range lines(f, "event") {
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if !l.torn || json.Valid(l.text) {
			roll.Next(Entry{Kind: kindOf(l)})
		}
	}
	log, err := OpenLog(name)
	if err != nil {
		return err
	}
	var errs []error
	id := filepath.Base(dir)
	if !roll.ended {
		errs = append(errs, log.Append(killed(id)))
	}
	for _, a := range attempts {
		errs = append(errs, log.Append(Event{Kind: Flushed, RunID: id, Key: a.Key, Iteration: a.Iteration}))
	}
	return errors.Join(append(errs, log.Close())...)
}

// interrupted is the record of an attempt that began with e and never ended.
func interrupted(info RunInfo, e Event) Attempt {
	return Attempt{
		RunID: info.RunID, Key: e.Key, Iteration: e.Iteration, Test: "Test_" + e.Key, Outcome: "errored", Cut: true, Score: 1,
		Reason:   Interrupted + ": the process of its run was killed; its machines are purged: run again, or go on with -benchtest.resume=" + info.RunID,
		Provider: info.Provider, Engine: info.Engine, Gateway: info.Gateway, Seed: info.Seed, Started: e.At, EngineIsolation: "unknown",
		Dir: strings.Join([]string{"attempts", e.Key, "i" + strconv.Itoa(e.Iteration)}, "/"),
	}
}
