package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/benchtest-dev/benchtest/reports"
)

// Bounds of one transaction.
const (
	batchReports = 32
	batchBytes   = 16 << 20 // of evidence, before it is compressed
	// writeLimit is how long one may take.
	writeLimit = 30 * time.Second
)

// A replay brings the rows of one run into a database, from its record. What is
// there already stays, so that one that failed is simply made again.
type replay struct {
	db     Writer
	root   *os.Root // the run's directory
	events *os.File
	offset int64 // as far as the database has it

	bench Benchmark
	batch *Packing
	// flushes are how often attempts are still to be flushed: what comes before
	// is not to come back. gone are those that were.
	flushes map[reports.AttemptName]int
	gone    map[reports.AttemptName]bool
	roll    reports.Roll
	bytes   int

	attempts, verdicts int // that were new
	unread             error
}

func newReplay(db Writer, root *os.Root, dir string) (*replay, error) {
	f, err := root.Open(reports.EventsFile)
	if err != nil {
		return nil, fmt.Errorf("open run: %w", err)
	}
	return &replay{db: db, root: root, events: f, bench: Benchmark{Dir: dir}, batch: NewPacking(), gone: map[reports.AttemptName]bool{}}, nil
}

// advance brings what the record says up to limit, which is the end of a line.
// On error it begins there again the next time.
func (r *replay) advance(ctx context.Context, limit int64) error {
	if limit <= r.offset {
		return nil
	}
	_, _ = r.take()    // what a time before left that failed
	if r.offset == 0 { // later it is this process's own run, which nobody flushes
		r.roll, r.flushes = reports.Roll{}, flushes(io.NewSectionReader(r.events, 0, limit))
	}
	before := r.roll.Clone()
	if err := r.bring(ctx, limit); err != nil {
		r.roll = before
		return err
	}
	r.offset = limit
	return nil
}

// bring is advance, but for what a failure leaves.
func (r *replay) bring(ctx context.Context, limit int64) error {
	for e, err := range reports.ReadEvents(io.NewSectionReader(r.events, r.offset, limit-r.offset)) {
		if err != nil { // the disk's fault, and nothing that could come later
			r.unread = errors.Join(r.unread, err)
			continue
		}
		if err := r.event(ctx, e); err != nil {
			return err
		}
	}
	if err := r.flush(ctx); err != nil {
		return err
	}
	if err := r.mark(ctx); err != nil {
		return err
	}
	return r.save(ctx)
}

func (r *replay) event(ctx context.Context, e reports.Event) error {
	name := e.Entry().Name
	switch effect := r.roll.Next(e.Entry()); {
	case effect == reports.Removes:
		r.flushes[name]--
		r.gone[name] = true
	case e.Kind == reports.RunStarted && e.Run != nil:
		r.bench.Info, r.bench.Alive, r.bench.End = *e.Run, e.At, nil
		return r.save(ctx) // attempts refer to it
	case e.Kind == reports.RunResumed:
		r.bench.Alive, r.bench.End = e.At, nil
	case e.Kind == reports.RunFinished:
		r.bench.Alive, r.bench.End = e.At, &End{At: e.At, Exit: e.Exit, Reason: e.Reason}
	case r.flushes[name] > 0:
	case effect == reports.Adds:
		delete(r.gone, name)
		return r.add(ctx, ReadReport(r.root, *e.Attempt, e.At))
	case e.Kind == reports.Rescored && e.Verdict != nil && !r.gone[name]: // else it was flushed while it was judged
		return r.addVerdict(ctx, e)
	}
	return nil
}

// flushes counts how often the record says that attempts were flushed.
func flushes(r io.Reader) map[reports.AttemptName]int {
	var roll reports.Roll
	of := map[reports.AttemptName]int{}
	for e, err := range reports.ReadEvents(r) {
		if err == nil && roll.Next(e.Entry()) == reports.Removes {
			of[e.Entry().Name]++
		}
	}
	return of
}

// mark tells which attempts were made again.
func (r *replay) mark(ctx context.Context) error {
	var ids []string
	for n := range r.roll.Remade() {
		a := reports.Attempt{RunID: r.bench.Info.RunID, Key: n.Key, Iteration: n.Iteration}
		ids = append(ids, text(a.ID()))
	}
	ctx, cancel := context.WithTimeout(ctx, writeLimit)
	defer cancel()
	return r.db.MarkRemade(ctx, ids)
}

// save brings the benchmark's row up to date.
func (r *replay) save(ctx context.Context) error {
	if r.bench.Info.RunID == "" {
		return nil // nothing is known of the run
	}
	ctx, cancel := context.WithTimeout(ctx, writeLimit)
	defer cancel()
	return r.db.SaveBenchmark(ctx, r.bench)
}

func (r *replay) add(ctx context.Context, p Report) error {
	r.batch.Put(p)
	r.bytes += p.size()
	if r.batch.Len() < batchReports && r.bytes < batchBytes {
		return nil
	}
	return r.flush(ctx)
}

// take empties the batch.
func (r *replay) take() (list []Report, err error) {
	r.bytes = 0
	for r.batch.Len() > 0 {
		p, packErr := r.batch.Take()
		list, err = append(list, p), errors.Join(err, packErr)
	}
	return list, err
}

func (r *replay) flush(ctx context.Context) error {
	list, err := r.take()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, writeLimit)
	defer cancel()
	added, err := r.db.Add(ctx, list)
	r.attempts += added
	return err
}

func (r *replay) addVerdict(ctx context.Context, e reports.Event) error {
	if err := r.flush(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, writeLimit)
	defer cancel()
	a := reports.Attempt{RunID: r.bench.Info.RunID, Key: e.Key, Iteration: e.Iteration}
	isNew, err := r.db.AddVerdict(ctx, text(a.ID()), *e.Verdict)
	if isNew {
		r.verdicts++
	}
	return err
}

// size is roughly how much memory the evidence takes.
func (r Report) size() int {
	n := len(r.Job) + len(r.Transcript)
	for _, b := range r.Facts {
		n += len(b)
	}
	return n
}
