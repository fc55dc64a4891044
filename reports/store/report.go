package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/reports"
)

// A Report is one attempt with its evidence, on its way into the database.
type Report struct {
	Attempt reports.Attempt
	Decided time.Time // when its verdict was recorded
	// Job is the engine's record as it was written; nil where there is none.
	Job   []byte
	Facts map[facts.Checkpoint][]byte // as in Evidence
	// Transcript is the engine's account, and TranscriptBytes how long it was:
	// more than there is of it where it is too large.
	Transcript      []byte
	TranscriptBytes int64
	// Missing says what of the evidence could not be read, if anything.
	Missing error

	rows rows // not nil: it is packed
}

// ID is the attempt's: its row's, its job's and its ticket's.
func (r Report) ID() string { return text(r.Attempt.ID()) }

// checkpoints are those that are stored, in their order.
func checkpoints() []facts.Checkpoint {
	return []facts.Checkpoint{facts.Healthy, facts.Faulted, facts.After, facts.Held, facts.Sample}
}

// ReadReport reads the evidence of an attempt in the directory of its run. What
// cannot be read is left out and told in Missing: the verdict is good without.
func ReadReport(run *os.Root, a reports.Attempt, decided time.Time) Report {
	r := Report{Attempt: a, Decided: decided, Facts: map[facts.Checkpoint][]byte{}}
	if a.Dir == "" {
		return r
	}
	dir := filepath.FromSlash(a.Dir)
	var errs []error
	read := func(name string, limit int64) []byte {
		b, size, err := readBounded(run, filepath.Join(dir, name), limit)
		if err == nil && size > int64(len(b)) {
			err = fmt.Errorf("%s: %d bytes are too many", name, size)
			b = nil
		}
		errs = append(errs, err)
		return b
	}
	r.Job = read("job.json", rules.MaxJobBytes)
	for _, c := range checkpoints() {
		if b := read("facts/"+string(c)+".jsonl", maxDecoded); len(b) > 0 {
			r.Facts[c] = b
		}
	}
	var err error
	r.Transcript, r.TranscriptBytes, err = readBounded(run, filepath.Join(dir, "transcript/engine.log"), maxTranscript)
	r.Missing = errors.Join(append(errs, err)...)
	return r
}

// readBounded reads at most limit bytes of a file, and says how long it is. One
// that is not there is empty.
func readBounded(root *os.Root, name string, limit int64) ([]byte, int64, error) {
	f, err := root.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, fmt.Errorf("read evidence: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is no file", name)
	}
	if err != nil {
		return nil, 0, fmt.Errorf("read evidence: %w", err)
	}
	b, err := io.ReadAll(io.LimitReader(f, limit))
	if err != nil {
		return nil, 0, fmt.Errorf("read evidence: %w", err)
	}
	return b, info.Size(), nil
}

// job is the engine's record; nil where there is none that can be read.
func (r Report) job() *rules.Job {
	var j rules.Job
	if len(r.Job) == 0 || json.Unmarshal(r.Job, &j) != nil {
		return nil
	}
	return &j
}
