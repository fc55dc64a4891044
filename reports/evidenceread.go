package reports

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

// Evidence is what was recorded of one attempt, as rules look at it.
type Evidence struct {
	Snapshots []facts.Snapshot // of all hosts and checkpoints, in the order of their taking
	Job       rules.Job
}

// ReadEvidence reads the evidence in an attempt's directory: the facts that
// are wanted and the job record. Each byte of theirs is checked against the
// chain, and the chain against head, its digest in the attempt's record. What
// does not fit is an error that wraps ErrEvidence. It does not look at logs and
// transcript: VerifyEvidence does.
func ReadEvidence(dir fs.FS, head string, want Wanted) (Evidence, error) {
	var e Evidence
	links, err := readChain(dir, head)
	if err != nil {
		return e, err
	}
	decoder := Decoder{Want: want}
	for _, c := range []facts.Checkpoint{facts.Healthy, facts.Faulted, facts.Sample, facts.After, facts.Held} {
		b, err := readVerified(dir, factsName(c), links)
		if err != nil {
			return e, err
		}
		snapshots, err := decoder.Decode(b)
		if err != nil {
			return e, fmt.Errorf("%s: %w", factsName(c), err)
		}
		e.Snapshots = append(e.Snapshots, snapshots...)
	}
	b, err := readVerified(dir, jobName, links)
	if err != nil || len(b) == 0 {
		return e, err // without a job record the engine left none
	}
	if err := json.Unmarshal(b, &e.Job); err != nil {
		return e, fmt.Errorf("%s: %w", jobName, err)
	}
	return e, nil
}

// readVerified reads an evidence file whose every byte the chain covers.
func readVerified(dir fs.FS, name string, links []Link) ([]byte, error) {
	b, err := fs.ReadFile(dir, name)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrEvidence, err)
	}
	covered := int64(0)
	for _, l := range links {
		if l.File != name {
			continue
		}
		if covered += l.Bytes; covered > int64(len(b)) || digest(b[l.Offset:covered]) != l.SHA256 {
			return nil, fmt.Errorf("%w: %s differs in bytes %d to %d", ErrEvidence, name, l.Offset, covered)
		}
	}
	if covered != int64(len(b)) {
		return nil, fmt.Errorf("%w: %s is longer than recorded", ErrEvidence, name)
	}
	return b, nil
}

// At is what was seen of host: its checkpoints, and its samples in the order
// of their taking.
func (e Evidence) At(host string) (at map[facts.Checkpoint]facts.Snapshot, samples []facts.Snapshot) {
	at = map[facts.Checkpoint]facts.Snapshot{}
	for _, s := range e.Snapshots {
		switch {
		case s.Host != host:
		case s.Checkpoint == facts.Sample:
			samples = append(samples, s)
		default:
			at[s.Checkpoint] = s // the control may look at faulted more than once; its last look counts
		}
	}
	return at, slices.Clip(samples)
}
