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
		rescored, err := findRescored(record, size)
		if err != nil {
			yield(nil, err)
			return
		}
		for l, err := range lines(io.NewSectionReader(record, 0, size), "event") {
			if err == nil && kindOf(l) != AttemptFinished {
				continue
			}
			var a *Attempt
			if err == nil {
				if a, err = rescored.attempt(record, l); a == nil && err == nil {
					continue // torn by a crash
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

// rescoredAt is where in a record the last verdicts on attempts are. Verdicts
// themselves would be as much as the record.
type rescoredAt map[attemptName]stretch

type attemptName struct {
	key       string
	iteration int
}

type stretch struct{ offset, bytes int64 }

func findRescored(record io.ReaderAt, size int64) (rescoredAt, error) {
	at := rescoredAt{}
	for l, err := range lines(io.NewSectionReader(record, 0, size), "event") {
		if err != nil {
			return nil, err
		}
		if kindOf(l) != Rescored || l.torn && !json.Valid(l.text) {
			continue
		}
		names := gjson.GetManyBytes(l.text, "key", "iteration")
		at[attemptName{names[0].String(), int(names[1].Int())}] = stretch{l.offset, int64(len(l.text))}
	}
	return at, nil
}

// attempt reads the line of an attempt that finished; nil when it is torn.
func (at rescoredAt) attempt(record io.ReaderAt, l recordLine) (*Attempt, error) {
	a, err := readFinished(l.text)
	switch {
	case err != nil && l.torn:
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("read event, line %d: %w", l.number, err)
	}
	where, rescored := at[attemptName{a.Key, a.Iteration}]
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
