package talk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

// patience is how long the other side may take to read a question, or to let go
// of one that was given up. One that does not will hardly answer the next.
const patience = 10 * time.Second

// maxReason bounds why a question could not be answered.
const maxReason = 512

// ErrEnded is the end of a talk: nothing can be asked in it any more.
var ErrEnded = errors.New("the talk has ended")

// A Talk asks questions of the one at the other end of two streams. Its methods
// may be called concurrently.
type Talk struct {
	out   chan frame
	gone  chan struct{} // closed at the end
	limit int

	mu      sync.Mutex
	last    uint32
	waiting map[uint32]*question
	reason  error // why it ended; set before gone is closed
}

// A question is one that has not been answered.
type question struct {
	told    chan frame  // gets one, or nothing when the talk ends
	dropped *time.Timer // once it is given up: ends the talk if it is not let go
}

// Begin waits until the other side says that it is there. An answer has at most
// limit bytes. The talk ends when one of the streams does, or with End; the
// caller then closes them, if they are not.
func Begin(in io.Reader, out io.Writer, limit int) (*Talk, error) {
	f, err := readFrame(in, 0)
	if err == nil && f.kind != hello {
		err = fmt.Errorf("a frame of kind %d", f.kind)
	}
	if err != nil {
		return nil, fmt.Errorf("wait for a greeting: %w", err)
	}
	t := &Talk{out: make(chan frame), gone: make(chan struct{}), limit: limit, waiting: map[uint32]*question{}}
	go t.write(out)
	go t.read(in)
	return t, nil
}

// Ended is closed when the talk has ended.
func (t *Talk) Ended() <-chan struct{} { return t.gone }

// End ends the talk for a reason; the first reason stays.
func (t *Talk) End(reason error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	select {
	case <-t.gone:
		return
	default:
	}
	t.reason = reason
	for _, q := range t.waiting {
		if q.dropped != nil {
			q.dropped.Stop()
		}
	}
	close(t.gone)
}

// Ask asks one question and waits for its answer, no longer than ctx.
func (t *Talk) Ask(ctx context.Context, text []byte) ([]byte, error) {
	t.mu.Lock()
	t.last++
	id, q := t.last, &question{told: make(chan frame, 1)}
	t.waiting[id] = q
	t.mu.Unlock()
	select {
	case t.out <- frame{ask, id, text}:
	case <-t.gone:
		return nil, t.ended()
	case <-ctx.Done():
		// It was not sent, since the other side does not read.
		t.forget(id)
		return nil, context.Cause(ctx)
	}
	select {
	case f := <-q.told:
		if f.kind == failed {
			return nil, fmt.Errorf("it cannot be asked: %q", f.body[:min(len(f.body), maxReason)])
		}
		return f.body, nil
	case <-t.gone:
		return nil, t.ended()
	case <-ctx.Done():
		t.giveUp(id, q)
		return nil, context.Cause(ctx)
	}
}

// giveUp tells the other side that nobody waits for this answer any more.
func (t *Talk) giveUp(id uint32, q *question) {
	t.mu.Lock()
	if t.waiting[id] != nil { // else the answer has just come
		q.dropped = time.AfterFunc(patience, func() { t.End(errors.New("it does not let go of a question")) })
	}
	t.mu.Unlock()
	go func() {
		select {
		case t.out <- frame{kind: drop, id: id}:
		case <-t.gone:
		}
	}()
}

func (t *Talk) forget(id uint32) *question {
	t.mu.Lock()
	defer t.mu.Unlock()
	q := t.waiting[id]
	delete(t.waiting, id)
	return q
}

func (t *Talk) ended() error {
	<-t.gone
	return fmt.Errorf("%w: %w", ErrEnded, t.reason)
}

// write sends one frame after the other.
func (t *Talk) write(out io.Writer) {
	for {
		select {
		case f := <-t.out:
			late := time.AfterFunc(patience, func() { t.End(errors.New("it does not read")) })
			err := writeFrame(out, f)
			late.Stop()
			if err != nil {
				t.End(err)
				return
			}
		case <-t.gone:
			return
		}
	}
}

// read hands each answer to whoever asked.
func (t *Talk) read(in io.Reader) {
	for {
		f, err := readFrame(in, t.limit)
		if err != nil {
			t.End(err)
			return
		}
		q := t.forget(f.id)
		if q == nil || f.kind != answer && f.kind != failed {
			t.End(fmt.Errorf("a frame of kind %d about question %d, which nobody asked", f.kind, f.id))
			return
		}
		if q.dropped != nil {
			q.dropped.Stop()
		}
		q.told <- f
	}
}
