package attempt

import (
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/benchtest-dev/benchtest/reports"
)

// A book is what an attempt leaves on disk. It outlives a retry.
type book struct {
	run *reports.Run
	dir *reports.AttemptDir // nil until it is open
	log *teeLog
	// bastion takes what the bastion refuses; nil until the book is open.
	bastion io.Writer
	spec    Spec
}

func newBook(run *reports.Run, spec Spec) *book {
	return &book{run: run, spec: spec, log: &teeLog{output: spec.Output}}
}

// open makes the attempt's directory, with every evidence file open. That is
// when the attempt begins: thousands that wait for the budget would hold more
// files than a process may. It is idempotent.
func (b *book) open() error {
	if b.dir != nil {
		return nil
	}
	dir, err := b.run.AttemptDir(b.spec.Scenario.Key, b.spec.Iteration)
	if err != nil {
		return err
	}
	log, err := dir.Log("attempt")
	if err == nil {
		b.bastion, err = dir.Log("bastion")
	}
	if err != nil {
		return errors.Join(err, dir.Close())
	}
	b.dir = dir
	b.log.record(log)
	return b.event(reports.Event{Kind: reports.AttemptStarted})
}

// event adds a line about this attempt to the run's log.
func (b *book) event(e reports.Event) error {
	e.RunID, e.Key, e.Iteration = b.run.ID, b.spec.Scenario.Key, b.spec.Iteration
	return b.run.Log.Append(e)
}

// finish seals the evidence and writes the verdict.
func (b *book) finish(rec *reports.Attempt) error {
	err := b.open() // one that was never admitted has a record too
	if b.dir != nil {
		digest, serr := b.dir.Seal()
		rec.Dir, rec.Digests.Evidence = b.dir.Name, digest
		err = errors.Join(err, serr)
	}
	return errors.Join(err, b.event(reports.Event{Kind: reports.AttemptFinished, Attempt: rec}))
}

// A teeLog writes lines for people to the attempt's log and to the test's output.
type teeLog struct {
	mu     sync.Mutex
	to     io.Writer // the attempt's log; nil when there is none
	output io.Writer // the test's output; may be nil
}

// record has the lines from now on written to the attempt's log too.
func (l *teeLog) record(to io.Writer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.to = to
}

func (l *teeLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.output != nil {
		// The test's output is a courtesy; the log is the record.
		_, _ = l.output.Write(p)
	}
	if l.to == nil {
		return len(p), nil
	}
	return l.to.Write(p)
}

// logf adds a line to the attempt's log.
func (t *try) logf(format string, args ...any) {
	_, err := fmt.Fprintf(t.book.log, "%s "+format+"\n", append([]any{time.Now().UTC().Format("15:04:05.000")}, args...)...)
	t.note(err)
}

// note logs what went wrong with the record: evidence that is not written is
// seen by people, and the verdict does not depend on it.
func (t *try) note(err error) {
	if err != nil {
		t.Log.Error("write record", "attempt", t.id, "err", err)
	}
}
