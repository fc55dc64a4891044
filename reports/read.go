package reports

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

// maxLine bounds one line of a record. An attempt with a thousand rules, each
// with its raw observation, stays far below it.
const maxLine = 32 << 20

// ReadEvents reads events.jsonl. A last line without its newline that is no
// event was torn by a crash and is left out. Any other line that is no event
// is yielded as an error that names it; reading goes on unless the loop stops.
func ReadEvents(r io.Reader) iter.Seq2[Event, error] { return readLines[Event](r, "event") }

// ReadSnapshots reads facts/CHECKPOINT.jsonl by the rules of ReadEvents.
func ReadSnapshots(r io.Reader) iter.Seq2[facts.Snapshot, error] {
	return readLines[facts.Snapshot](r, "snapshot")
}

// Attempts collects the attempts that finished, in the order in which they
// did, with what re-scoring said of them since, and what started the run; the
// zero RunInfo when that is not there.
func Attempts(events iter.Seq2[Event, error]) ([]Attempt, RunInfo, error) {
	var (
		attempts []Attempt
		info     RunInfo
	)
	for e, err := range events {
		switch {
		case err != nil:
			return attempts, info, err
		case e.Kind == RunStarted && e.Run != nil:
			info = *e.Run
		case e.Kind == AttemptFinished && e.Attempt != nil:
			attempts = append(attempts, *e.Attempt)
		case e.Kind == Rescored && e.Verdict != nil:
			i := slices.IndexFunc(attempts, func(a Attempt) bool { return a.Key == e.Key && a.Iteration == e.Iteration })
			if i < 0 {
				return attempts, info, fmt.Errorf("attempt %s/i%d was re-scored, and there is no record of it", e.Key, e.Iteration)
			}
			attempts[i].Rescored = append(attempts[i].Rescored, *e.Verdict)
		}
	}
	return attempts, info, nil
}

func readLines[T any](r io.Reader, what string) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		br := bufio.NewReaderSize(r, 64<<10)
		for n := 1; ; n++ {
			line, err := readLine(br)
			last := errors.Is(err, io.EOF)
			if err != nil && !last {
				var none T
				yield(none, fmt.Errorf("read %s, line %d: %w", what, n, err))
				return
			}
			if len(bytes.TrimSpace(line)) > 0 {
				var v T
				err := json.Unmarshal(line, &v)
				if err != nil && last {
					return // torn by a crash
				}
				if err != nil {
					err = fmt.Errorf("read %s, line %d: %w", what, n, err)
				}
				if !yield(v, err) {
					return
				}
			}
			if last {
				return
			}
		}
	}
}

var errLongLine = fmt.Errorf("line is longer than %d MiB", maxLine>>20)

// readLine returns the next line without its newline; io.EOF comes with the
// last one, which has none.
func readLine(br *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := br.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case err == nil:
			return line[:len(line)-1], nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return line, err
		case len(line) > maxLine:
			return nil, errLongLine
		}
	}
}
