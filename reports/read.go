package reports

import (
	"fmt"
	"io"
	"iter"
	"slices"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

// ReadEvents reads events.jsonl. A last line without its newline that is no
// event was torn by a crash and is left out. Any other line that is no event
// is yielded as an error that names it; reading goes on unless the loop stops.
func ReadEvents(r io.Reader) iter.Seq2[Event, error] { return readLines[Event](r, "event") }

// ReadSnapshots reads facts/CHECKPOINT.jsonl by the rules of ReadEvents.
func ReadSnapshots(r io.Reader) iter.Seq2[facts.Snapshot, error] {
	return readLines[facts.Snapshot](r, "snapshot")
}

// Attempts collects the attempts that finished, in the order in which they
// did, with what became of them since: what re-scoring said, and whether they
// were made again; and what started the run, the zero RunInfo when that is not
// there.
func Attempts(events iter.Seq2[Event, error]) ([]Attempt, RunInfo, error) {
	var (
		attempts []Attempt
		info     RunInfo
		roll     Roll
		gone     = map[AttemptName]bool{}
	)
	for e, err := range events {
		if err != nil {
			return attempts, info, err
		}
		name := AttemptName{e.Key, e.Iteration}
		switch effect := roll.Next(e.Entry()); {
		case e.Kind == RunStarted && e.Run != nil:
			info = *e.Run
		case effect == Adds:
			attempts = append(attempts, *e.Attempt)
		case effect == Removes:
			gone[name] = true
			attempts = slices.DeleteFunc(attempts, func(a Attempt) bool { return a.Name() == name })
		case e.Kind == Rescored && e.Verdict != nil:
			i := slices.IndexFunc(attempts, func(a Attempt) bool { return a.Name() == name })
			if i < 0 && gone[name] {
				continue // it was flushed while it was judged
			}
			if i < 0 {
				return attempts, info, fmt.Errorf("attempt %s/i%d was re-scored, and there is no record of it", e.Key, e.Iteration)
			}
			attempts[i].Rescored = append(attempts[i].Rescored, *e.Verdict)
		}
	}
	for i := range attempts {
		attempts[i].Remade = roll.Remade()[attempts[i].Name()]
	}
	return attempts, info, nil
}
