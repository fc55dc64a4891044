package reports

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/benchtest-dev/benchtest/reports/redact"
)

// A Log writes events.jsonl: append-only, one JSON object a line. Its methods
// may be called concurrently. The caller closes it.
type Log struct {
	mu      sync.Mutex
	file    *os.File
	saver   *saver
	secrets *redact.Set

	written, synced atomic.Int64 // bytes of whole lines
	news            chan struct{}
}

// hide keeps secrets out of all lines from now on.
func (l *Log) hide(secrets *redact.Set) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.secrets = secrets
}

// OpenLog opens the log at path for appending and makes it where it is not
// there. A last line that a crash has torn is mended first.
func OpenLog(path string) (*Log, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open event log: %w", err)
	}
	return newLog(f)
}

func newLog(f *os.File) (*Log, error) {
	if err := mendTail(f); err != nil {
		return nil, errors.Join(fmt.Errorf("mend event log: %w", err), f.Close())
	}
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open event log: %w", err), f.Close())
	}
	l := &Log{file: f, news: make(chan struct{}, 1)}
	l.written.Store(size)
	l.synced.Store(size)
	l.saver = newSaver(l.sync)
	return l, nil
}

// sync brings what was written to the disk, and tells.
func (l *Log) sync() error {
	size := l.written.Load()
	if err := l.file.Sync(); err != nil {
		return err
	}
	l.synced.Store(size)
	select {
	case l.news <- struct{}{}:
	default: // somebody is told already
	}
	return nil
}

// Synced is how much of the file is on the disk, in bytes: whole lines.
func (l *Log) Synced() int64 { return l.synced.Load() }

// Size is how long the file is, in bytes: whole lines, not all of them on the
// disk yet.
func (l *Log) Size() int64 { return l.written.Load() }

// News gets a value when more is on the disk than before. There is one reader.
func (l *Log) News() <-chan struct{} { return l.news }

// Append writes e as one line, which a process that is killed does not lose.
// What starts or ends a run is on the disk when Append returns, with all the
// lines before it; a verdict is there a moment later, should the power fail.
func (l *Log) Append(e Event) error {
	if e.At.IsZero() {
		e.At = time.Now()
	}
	line, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("encode event %s: %w", e.Kind, err)
	}
	l.mu.Lock()
	// One write a line: with O_APPEND no other line can come between.
	n, err := l.file.Write(append(l.secrets.JSON(line), '\n'))
	l.written.Add(int64(n))
	l.mu.Unlock()
	if err != nil {
		return fmt.Errorf("append event %s: %w", e.Kind, err)
	}
	switch e.Kind {
	case RunStarted, RunResumed, RunFinished:
		err = l.saver.save()
	case AttemptFinished:
		err = l.saver.soon()
	}
	if err != nil {
		return fmt.Errorf("sync event log: %w", err)
	}
	return nil
}

// Close closes the log, with all that was appended on the disk; Append then
// fails with os.ErrClosed.
func (l *Log) Close() error {
	err := l.saver.close()
	l.mu.Lock()
	defer l.mu.Unlock()
	return errors.Join(err, l.file.Close())
}

// mendTail ends a last line that has no newline: a whole event gets one, and
// half of one, which says nothing, is cut off.
func mendTail(f *os.File) error {
	end, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	start, err := lastLine(f, end)
	if err != nil || start == end {
		return err
	}
	tail := make([]byte, end-start)
	if _, err := f.ReadAt(tail, start); err != nil {
		return err
	}
	// What ReadEvents leaves out must not become a line that it stumbles over.
	if json.Unmarshal(tail, new(Event)) == nil {
		_, err = f.Write([]byte{'\n'})
		return err
	}
	return f.Truncate(start)
}

// lastLine finds where the text after the last newline before end begins.
func lastLine(r io.ReaderAt, end int64) (int64, error) {
	block := make([]byte, 64<<10)
	for end > 0 {
		n := min(end, int64(len(block)))
		if _, err := r.ReadAt(block[:n], end-n); err != nil {
			return 0, err
		}
		if i := bytes.LastIndexByte(block[:n], '\n'); i >= 0 {
			return end - n + int64(i) + 1, nil
		}
		end -= n
	}
	return 0, nil
}
