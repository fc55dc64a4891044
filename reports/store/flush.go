package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/benchtest-dev/benchtest/reports"
)

// Flushed says what Flush removed, or would.
type Flushed struct {
	Pruned
	Dirs []string // of runs, or of what single scenarios left in them
}

// Flush removes what s chooses from the database, and then from the records of
// runs in the directory runs: whole runs of which nothing is left, and
// otherwise the evidence of the attempts that are gone. A run that was never
// stored goes too where s names no scenario. What belongs to a running benchmark
// stays; no run begins or ends meanwhile. With preview it removes nothing.
func Flush(ctx context.Context, db *DB, runs string, s Selection, preview bool) (Flushed, error) {
	h, err := holdRuns(runs)
	if err != nil {
		return Flushed{}, err
	}
	defer h.release()
	s.Except = append(slices.Clone(s.Except), h.running...)
	p, err := db.Prune(ctx, s, preview)
	f := Flushed{Pruned: p}
	if err != nil {
		return f, err
	}
	// Rows first: what is left of a directory after a crash is flushed the next time.
	return f, f.removeDirs(h, s, preview)
}

// heldRuns are the runs on this machine, locked so that nobody goes on with them.
type heldRuns struct {
	dir     string
	running []string
	held    map[string]*os.File
	doomed  []string // what a crash left of runs that were being removed
}

func holdRuns(dir string) (*heldRuns, error) {
	h := &heldRuns{dir: dir, held: map[string]*os.File{}}
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list runs: %w", err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), doomedPrefix) {
			h.doomed = append(h.doomed, e.Name())
			continue
		}
		f, err := reports.LockRun(filepath.Join(dir, e.Name()))
		switch {
		case errors.Is(err, reports.ErrRunning):
			h.running = append(h.running, e.Name())
		case err == nil:
			h.held[e.Name()] = f
		case !errors.Is(err, fs.ErrNotExist):
			h.release()
			return nil, err
		}
	}
	return h, nil
}

func (h *heldRuns) release() {
	for _, f := range h.held {
		_ = f.Close() // it was only locked
	}
}

// removeDirs removes from disk what is gone from the database.
func (f *Flushed) removeDirs(h *heldRuns, s Selection, preview bool) error {
	gone := slices.Clone(f.Benchmarks)
	if len(s.Scenarios) == 0 {
		for id := range h.held {
			if began, err := reports.RunTime(id); err == nil && (s.All || began.Before(s.Before)) && !slices.Contains(gone, id) && !slices.Contains(f.Running, id) {
				gone = append(gone, id)
			}
		}
	}
	slices.Sort(gone)
	var errs []error
	for _, id := range gone {
		if h.held[id] == nil {
			continue // it was made elsewhere
		}
		f.Dirs = append(f.Dirs, filepath.Join(h.dir, id))
		if !preview {
			errs = append(errs, removeRun(h.dir, id))
		}
	}
	for _, name := range h.doomed {
		if !preview {
			errs = append(errs, os.RemoveAll(filepath.Join(h.dir, name)))
		}
	}
	left := map[string][]reports.Attempt{} // by run
	for _, id := range f.Attempts {
		run, attempt, _ := strings.Cut(id, "/")
		if h.held[run] == nil || slices.Contains(gone, run) || !filepath.IsLocal(attempt) {
			continue
		}
		a := reports.Attempt{RunID: run, Key: path.Dir(attempt), Dir: filepath.Join("attempts", filepath.FromSlash(attempt))}
		if _, err := fmt.Sscanf(path.Base(attempt), "i%d", &a.Iteration); err != nil {
			errs = append(errs, fmt.Errorf("remove evidence of %q: %w", id, err))
			continue
		}
		left[run] = append(left[run], a)
	}
	for _, run := range slices.Sorted(maps.Keys(left)) {
		errs = append(errs, f.removeAttempts(filepath.Join(h.dir, run), left[run], preview))
	}
	return errors.Join(errs...)
}

// doomedPrefix begins the name of a run that is being removed. With its dot no
// reader takes it for one.
const doomedPrefix = ".flushed-"

// removeRun takes the run's name away before its files, so that half of one is
// no run.
func removeRun(dir, id string) error {
	doomed := filepath.Join(dir, doomedPrefix+id)
	if err := os.Rename(filepath.Join(dir, id), doomed); err != nil {
		return fmt.Errorf("remove run: %w", err)
	}
	if err := os.RemoveAll(doomed); err != nil {
		return fmt.Errorf("remove run: %w", err)
	}
	return nil
}

// removeAttempts removes the evidence of attempts of one run, and notes in its
// record before that they are gone, so that no import brings them back.
func (f *Flushed) removeAttempts(run string, list []reports.Attempt, preview bool) error {
	for _, a := range list {
		f.Dirs = append(f.Dirs, filepath.Join(run, a.Dir))
	}
	if preview {
		return nil
	}
	if err := reports.NoteFlushed(run, list...); err != nil {
		return err
	}
	root, err := os.OpenRoot(run)
	if err != nil {
		return fmt.Errorf("remove evidence: %w", err)
	}
	defer root.Close()
	var errs []error
	for _, a := range list {
		if err := root.RemoveAll(a.Dir); err != nil {
			errs = append(errs, fmt.Errorf("remove evidence: %w", err))
		}
	}
	return errors.Join(errs...)
}
