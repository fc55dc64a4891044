package page

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/benchtest-dev/benchtest/reports"
)

// RunDirs is the Source of BENCHTEST_HOME/runs: events.jsonl of each run, and
// the evidence files of its attempts.
type RunDirs struct {
	Dir string
	// MaxBytes bounds what Outlines reads of the logs of all runs together;
	// older runs are then left out. Zero means no bound.
	MaxBytes int64
}

// Outlines reads the logs of runs, newest first. One that cannot be read, since
// it is being written or was torn, is left out.
func (d RunDirs) Outlines(ctx context.Context, f Filter) ([]Outline, error) {
	entries, err := os.ReadDir(d.Dir)
	if err != nil {
		return nil, fmt.Errorf("list runs: %w", err)
	}
	var list []Outline
	left := d.MaxBytes
	for _, e := range slices.Backward(entries) { // by name, which is by time
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if strings.HasPrefix(e.Name(), ".") || f.Before != "" && e.Name() >= f.Before || f.Limit > 0 && len(list) == f.Limit {
			continue
		}
		o, size, err := d.outline(e.Name(), left)
		left -= size
		if d.MaxBytes > 0 && left <= 0 {
			break
		}
		if err == nil && len(o.Scenarios) > 0 && (f.Engine == "" || o.Engine == f.Engine) && (f.Provider == "" || o.Provider == f.Provider) {
			list = append(list, o)
		}
	}
	return list, nil
}

// outline reads one run's log, unless it has more bytes than are left.
func (d RunDirs) outline(id string, left int64) (o Outline, size int64, err error) {
	f, err := d.open(id)
	if err != nil {
		return o, 0, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return o, 0, fmt.Errorf("read run %s: %w", id, err)
	}
	if size = info.Size(); d.MaxBytes > 0 && size > left {
		return o, size, nil
	}
	o, err = readOutline(f)
	return o, size, err
}

// open opens the log of a run. An ID is a name, never a path.
func (d RunDirs) open(id string) (*os.File, error) {
	if id == "." || filepath.Base(id) != id || !filepath.IsLocal(id) {
		return nil, fmt.Errorf("open run %q: %w", id, fs.ErrNotExist)
	}
	f, err := os.Open(filepath.Join(d.Dir, id, reports.EventsFile))
	if err != nil {
		return nil, fmt.Errorf("open run: %w", err)
	}
	return f, nil
}

// Run reads one run's log whole.
func (d RunDirs) Run(_ context.Context, id string) (Run, error) {
	f, err := d.open(id)
	if err != nil {
		return Run{}, err
	}
	defer f.Close()
	return readRun(f)
}

// Attempt finds one attempt in a run's log.
func (d RunDirs) Attempt(ctx context.Context, runID, key string, iteration int) (reports.Attempt, error) {
	r, err := d.Run(ctx, runID)
	if err != nil {
		return reports.Attempt{}, err
	}
	if i := slices.IndexFunc(r.Attempts, func(a reports.Attempt) bool { return a.Key == key && a.Iteration == iteration }); i >= 0 {
		return r.Attempts[i], nil
	}
	return reports.Attempt{}, fmt.Errorf("attempt %s/i%d of %s: %w", key, iteration, runID, fs.ErrNotExist)
}

// readRun reads a run's log twice: the records, then when machines were in use.
func readRun(f io.ReadSeeker) (Run, error) {
	var (
		r    Run
		roll reports.Roll
	)
	for e, err := range reports.ReadEvents(f) {
		if err != nil {
			return r, err
		}
		switch effect := roll.Next(e.Entry()); {
		case effect == reports.Removes:
			r.Attempts = slices.DeleteFunc(r.Attempts, func(a reports.Attempt) bool { return a.Key == e.Key && a.Iteration == e.Iteration })
		case e.Kind == reports.RunStarted && e.Run != nil:
			r.Info = *e.Run
		case effect == reports.Adds:
			r.Attempts = append(r.Attempts, *e.Attempt)
		case e.Kind == reports.RunResumed:
			r.Finished, r.Exit, r.Reason = time.Time{}, 0, ""
		case e.Kind == reports.RunFinished:
			r.Finished, r.Exit, r.Reason = e.At, e.Exit, e.Reason
		}
	}
	for i := range r.Attempts {
		r.Attempts[i].Remade = roll.Remade()[r.Attempts[i].Name()]
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return r, fmt.Errorf("read events: %w", err)
	}
	var err error
	r.Spans, err = readSpans(f)
	return r, err
}

// Spans reads when the machines of one run were in use.
func (d RunDirs) Spans(id string) ([]Span, error) {
	f, err := d.open(id)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readSpans(f)
}

// MaxTranscript bounds what a page shows of a transcript, in bytes.
const MaxTranscript = 16 << 10

// maxJob bounds what is read of a job record, in bytes.
const maxJob = 4 << 20

// Evidence reads job.json and the end of the transcript of a.
func (d RunDirs) Evidence(_ context.Context, a reports.Attempt) (Evidence, error) {
	dir := filepath.FromSlash(a.Dir)
	if dir == "" || !filepath.IsLocal(dir) || !filepath.IsLocal(a.RunID) {
		return Evidence{}, fmt.Errorf("open evidence of %s: %w", a.Key, fs.ErrNotExist)
	}
	root, err := os.OpenRoot(filepath.Join(d.Dir, a.RunID, dir))
	if err != nil {
		return Evidence{}, fmt.Errorf("open evidence of %s: %w", a.Key, err)
	}
	defer root.Close()
	var e Evidence
	var problems []string
	if err := e.readJob(root); err != nil {
		problems = append(problems, err.Error())
	}
	if err := e.readTranscript(root); err != nil {
		problems = append(problems, err.Error())
	}
	e.Problem = strings.Join(problems, "; ")
	return e, nil
}

// readJob reads the job record; an attempt whose engine never began has none.
func (e *Evidence) readJob(root *os.Root) error {
	f, err := root.Open("job.json")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read job record: %w", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxJob+1))
	switch {
	case err != nil:
		return fmt.Errorf("read job record: %w", err)
	case len(b) > maxJob:
		return fmt.Errorf("read job record: it is larger than %d MiB: see job.json", maxJob>>20)
	case len(b) == 0:
		return nil
	}
	if e.Job, err = reports.ReadJob(b); err != nil {
		return fmt.Errorf("read job record: %w", err)
	}
	return nil
}

func (e *Evidence) readTranscript(root *os.Root) error {
	f, err := root.Open("transcript/engine.log")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read transcript: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("read transcript: %w", err)
	}
	e.TranscriptSkipped = max(info.Size()-MaxTranscript, 0)
	b, err := io.ReadAll(io.NewSectionReader(f, e.TranscriptSkipped, MaxTranscript))
	if err != nil {
		return fmt.Errorf("read transcript: %w", err)
	}
	e.Transcript = string(b)
	return nil
}
