package reports

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/benchtest-dev/benchtest/reports/redact"
)

// A Run is the directory of one invocation of the suite:
//
//	RUN_ID/events.jsonl
//	RUN_ID/attempts/KEY/iN/{facts,transcript,artifacts,logs}
//
// Its methods may be called concurrently. The caller closes it.
type Run struct {
	ID  string // YYYYMMDDTHHMMSSZ-xxxxxx in UTC: sorts by time
	Dir string
	Log *Log

	root    *os.Root
	spares  spares
	secrets *redact.Set
}

// Hide keeps secrets out of all that is written from now on. It is called before
// the first attempt.
func (r *Run) Hide(secrets *redact.Set) {
	r.secrets = secrets
	r.Log.hide(secrets)
}

// EventsFile is the record of a run, in its directory.
const EventsFile = "events.jsonl"

// NewRunID makes an ID for a run that starts at t.
func NewRunID(t time.Time) string {
	var b [3]byte
	_, _ = rand.Read(b[:]) // never fails
	return t.UTC().Format(runTime) + "-" + hex.EncodeToString(b[:])
}

// RunTime is when the run with this ID started, to the second.
func RunTime(id string) (time.Time, error) {
	at, _, _ := strings.Cut(id, "-")
	t, err := time.Parse(runTime, at)
	if err != nil {
		return time.Time{}, fmt.Errorf("read run ID %q: %w", id, err)
	}
	return t, nil
}

// runTime is how an ID begins.
const runTime = "20060102T150405Z"

// NewRun makes the directory of a run in runs (BENCHTEST_HOME/runs), which is
// made where it is not there, and opens its log.
func NewRun(runs, id string) (*Run, error) {
	if !validRunID(id) {
		return nil, fmt.Errorf("create run: bad ID %q", id)
	}
	dir := filepath.Join(runs, id)
	if err := os.MkdirAll(runs, 0o755); err != nil {
		return nil, fmt.Errorf("create run: %w", err)
	}
	// Nobody but its owner reads a run: an engine on the driver least of all.
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, fmt.Errorf("create run: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open run: %w", err)
	}
	return openRun(root, runs, id, os.O_CREATE)
}

// validRunID reports whether id is the name of one directory.
func validRunID(id string) bool { return id != "." && filepath.IsLocal(id) && filepath.Base(id) == id }

// openRun locks and opens the log in root, which it closes on error.
func openRun(root *os.Root, runs, id string, create int) (*Run, error) {
	f, err := root.OpenFile(EventsFile, os.O_RDWR|os.O_APPEND|create, 0o600)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open event log: %w", err), root.Close())
	}
	if err := lock(f); err != nil {
		return nil, errors.Join(fmt.Errorf("open run %s: %w", id, err), f.Close(), root.Close())
	}
	log, err := newLog(f)
	if err != nil {
		return nil, errors.Join(err, root.Close())
	}
	dir := filepath.Join(runs, id)
	return &Run{ID: id, Dir: dir, Log: log, root: root, spares: spares{root: root, path: dir}}, nil
}

// AttemptDir makes the directory of attempt iteration of the scenario key.
// One that is there already is an error: evidence is never written over.
func (r *Run) AttemptDir(key string, iteration int) (*AttemptDir, error) {
	if !filepath.IsLocal(key) {
		return nil, fmt.Errorf("create attempt directory: key %q leaves the run", key)
	}
	parent := filepath.Join("attempts", filepath.FromSlash(key))
	if err := r.root.MkdirAll(parent, 0o700); err != nil {
		return nil, fmt.Errorf("create attempt directory: %w", err)
	}
	d, err := r.spares.take()
	if err != nil {
		return nil, err
	}
	name := filepath.Join(parent, "i"+strconv.Itoa(iteration))
	// One that is there is not empty, and so stays.
	if err := r.root.Rename(filepath.FromSlash(d.Name), name); err != nil {
		r.spares.giveBack()
		return nil, errors.Join(fmt.Errorf("create attempt directory: %w", err), r.spares.discard(d))
	}
	d.Name, d.Path, d.done = filepath.ToSlash(name), filepath.Join(r.Dir, name), r.spares.giveBack
	r.spares.refill()
	d.hide(r.secrets)
	return d, nil
}

// Adopt copies the evidence of an attempt of another run to name, where it stood
// there: Attempt.Dir. What is there already is an error.
func (r *Run) Adopt(name string, evidence fs.FS) error {
	if !filepath.IsLocal(filepath.FromSlash(name)) {
		return fmt.Errorf("adopt evidence: %q leaves the run", name)
	}
	if err := os.CopyFS(filepath.Join(r.Dir, filepath.FromSlash(name)), evidence); err != nil {
		return fmt.Errorf("adopt evidence: %w", err)
	}
	return nil
}

// Publish copies events.jsonl, as far as it is written, to dir.
func (r *Run) Publish(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("publish events: %w", err)
	}
	return WriteFile(filepath.Join(dir, EventsFile), 0o644, func(w io.Writer) error {
		f, err := r.root.Open(EventsFile)
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = io.Copy(w, f)
		return err
	})
}

// Close closes the log. Directories of attempts are closed by who made them.
func (r *Run) Close() error {
	return errors.Join(r.spares.close(), r.Log.Close(), r.root.Close())
}

// Root is the run's directory, for who reads evidence in it. Close closes it.
func (r *Run) Root() *os.Root { return r.root }
