package reports

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/tidwall/gjson"
)

// StreamAttempts is Attempts for records of any length: it holds one attempt
// at a time, as far as ReadJudged reads it, with the last verdict that was given since. The record is read
// twice; what is appended meanwhile may be missed. An error ends it.
func StreamAttempts(record io.ReaderAt, size int64) iter.Seq2[*Attempt, error] {
	return func(yield func(*Attempt, error) bool) {
		later, err := readLater(record, size)
		if err != nil {
			yield(nil, err)
			return
		}
		for l, err := range lines(io.NewSectionReader(record, 0, size), "event") {
			var a *Attempt
			if err == nil {
				if a, err = later.attempt(record, l); a == nil && err == nil {
					continue
				}
			}
			if !yield(a, err) || err != nil {
				return
			}
		}
	}
}

// kindOf is what the line tells of, without decoding it.
func kindOf(l recordLine) Kind { return Kind(gjson.GetBytes(l.text, "event").Str) }

// later is what a record says of attempts after they finished.
type later struct {
	// verdicts are where the last ones on attempts are: they themselves would be
	// as much as the record.
	verdicts map[AttemptName]stretch
	// flushes are how often attempts are still to be flushed. roll has seen the
	// events up to here, as far as adding and removing ask for them.
	flushes map[AttemptName]int
	roll    Roll
}

type stretch struct{ offset, bytes int64 }

func readLater(record io.ReaderAt, size int64) (*later, error) {
	at := &later{verdicts: map[AttemptName]stretch{}, flushes: map[AttemptName]int{}}
	var roll Roll
	gone := map[AttemptName]bool{} // flushed, and not made again so far
	for l, err := range lines(io.NewSectionReader(record, 0, size), "event") {
		if err != nil {
			return nil, err
		}
		kind := kindOf(l)
		if kind == "" && !l.torn && !json.Valid(l.text) { // it may have been an attempt
			return nil, fmt.Errorf("read event, line %d: it is no JSON", l.number)
		}
		switch effect := roll.Next(Entry{Kind: kind}); {
		case l.torn && !json.Valid(l.text):
		case effect == Removes:
			name := l.of()
			at.flushes[name]++
			gone[name] = true
			delete(at.verdicts, name)
		case kind == AttemptFinished && len(gone) > 0:
			delete(gone, l.of())
		case kind == Rescored:
			if name := l.of(); !gone[name] { // else it was flushed while it was judged
				at.verdicts[name] = stretch{l.offset, int64(len(l.text))}
			}
		}
	}
	return at, nil
}

// of is the attempt that the line is of.
func (l recordLine) of() AttemptName {
	names := gjson.GetManyBytes(l.text, "key", "iteration")
	return AttemptName{names[0].String(), int(names[1].Int())}
}

// attempt reads the line of an attempt that finished and was not flushed. Any
// other is nil, and so is one that was torn by a crash.
func (at *later) attempt(record io.ReaderAt, l recordLine) (*Attempt, error) {
	if kind := kindOf(l); kind != AttemptFinished {
		e := Entry{Kind: kind}
		if kind == Flushed {
			e.Name = l.of()
		}
		if at.roll.Next(e) == Removes {
			at.flushes[e.Name]--
		}
		return nil, nil
	}
	a, err := readFinished(l.text)
	switch {
	case err != nil && l.torn:
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("read event, line %d: %w", l.number, err)
	case at.roll.Next(Entry{Kind: AttemptFinished, Name: a.Name()}) != Adds, at.flushes[a.Name()] > 0:
		return nil, nil
	}
	where, rescored := at.verdicts[a.Name()]
	if !rescored {
		return a, nil
	}
	text := make([]byte, where.bytes)
	if _, err := record.ReadAt(text, where.offset); err != nil {
		return nil, fmt.Errorf("read verdict: %w", err)
	}
	var since Event
	if err := json.Unmarshal(text, &since); err != nil || since.Verdict == nil {
		return nil, fmt.Errorf("read verdict at byte %d: it is none (%w)", where.offset, err)
	}
	a.Rescored = []Verdict{*since.Verdict}
	return a, nil
}

// readFinished reads the attempt of an event.
func readFinished(event []byte) (*Attempt, error) {
	var record []byte
	j := jsonText{rest: event}
	j.object(func(key []byte) {
		if value := j.raw(); string(key) == "attempt" {
			record = value
		}
	})
	if !j.done() { // written otherwise
		var e struct{ Attempt json.RawMessage }
		if err := json.Unmarshal(event, &e); err != nil {
			return nil, err
		}
		record = e.Attempt
	}
	if len(record) == 0 || string(record) == "null" {
		return nil, errors.New("an attempt finished, and there is no record of it")
	}
	a, err := ReadJudged(record)
	return &a, err
}
