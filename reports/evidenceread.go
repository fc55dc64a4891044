package reports

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

// Evidence is what was recorded of one attempt, as rules look at it.
type Evidence struct {
	Snapshots []facts.Snapshot // of all hosts and checkpoints, in the order of their taking
	Job       rules.Job
}

// ReadEvidence reads the evidence in an attempt's directory, as an EvidenceReader
// does.
func ReadEvidence(dir fs.FS, head string, want Wanted) (Evidence, error) {
	r := EvidenceReader{Decoder: &Decoder{Want: want}}
	return r.Read(dir, head)
}

// An EvidenceReader reads the evidence of one attempt after the other, with the
// same memory. It is used by one goroutine. Who called ReadAttempt closes it.
type EvidenceReader struct {
	// Decoder is for the attempt that is read next.
	*Decoder
	room []byte
	run  runRoots
}

// maxRoom bounds the memory that is kept: some times what a machine has facts.
const maxRoom = 4 << 20

// Room is an empty slice with room for n bytes. It is good until more room is
// asked for, or a file is read.
func (r *EvidenceReader) Room(n int) []byte {
	switch {
	case n > maxRoom:
		return make([]byte, 0, n)
	case n > cap(r.room):
		r.room = make([]byte, 0, n)
	}
	return r.room[:0]
}

// ReadAttempt is Read for an attempt of the run in dir. The run stays open until
// another is read, or Close.
func (r *EvidenceReader) ReadAttempt(dir string, a *Attempt) (Evidence, error) {
	if err := r.run.enter(dir); err != nil {
		return Evidence{}, fmt.Errorf("open run: %w", err)
	}
	d, err := r.run.attempt(filepath.FromSlash(a.Dir))
	if err != nil {
		return Evidence{}, fmt.Errorf("%w: %w", ErrEvidence, err)
	}
	defer d.close()
	return r.Read(d, a.Digests.Evidence)
}

// Close closes the run that was read last. The reader may be used again.
func (r *EvidenceReader) Close() { r.run.close() }

// Read reads the facts that are wanted and the job record. Each byte of theirs
// is checked against the chain, and the chain against head, its digest in the
// attempt's record. What does not fit is an error that wraps ErrEvidence. It does
// not look at logs and transcript: VerifyEvidence does.
func (r *EvidenceReader) Read(dir fs.FS, head string) (Evidence, error) {
	var e Evidence
	lines, err := r.read(dir, chainName)
	if err != nil {
		return e, fmt.Errorf("%w: %w", ErrEvidence, err)
	}
	links, err := readChain(lines, head)
	if err != nil {
		return e, err
	}
	for _, c := range []facts.Checkpoint{facts.Healthy, facts.Faulted, facts.Sample, facts.After, facts.Held} {
		b, err := r.verified(dir, factsName(c), links)
		if err != nil {
			return e, err
		}
		snapshots, err := r.Decode(b)
		if err != nil {
			return e, fmt.Errorf("%w: %s: %w", ErrEvidence, factsName(c), err)
		}
		e.Snapshots = append(e.Snapshots, snapshots...)
	}
	b, err := r.verified(dir, jobName, links)
	if err != nil || len(b) == 0 {
		return e, err // without a job record the engine left none
	}
	if e.Job, err = ReadJob(b); err != nil {
		return e, fmt.Errorf("%w: %s: %w", ErrEvidence, jobName, err)
	}
	return e, nil
}

// verified reads an evidence file whose every byte the chain covers. The bytes
// are good until the next file is read.
func (r *EvidenceReader) verified(dir fs.FS, name string, links []Link) ([]byte, error) {
	b, err := r.read(dir, name)
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

// read reads a file over the one before.
func (r *EvidenceReader) read(dir fs.FS, name string) (b []byte, err error) {
	f, err := dir.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // read only
	b = r.Room(bytes.MinRead)
	for err == nil {
		var n int
		b = slices.Grow(b, bytes.MinRead)
		n, err = f.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
	}
	if cap(b) <= maxRoom {
		r.room = b
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return b, err
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
