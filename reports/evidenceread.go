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
	files, err := r.read(dir, chainName)
	if err != nil {
		return e, fmt.Errorf("%w: %w", ErrEvidence, err)
	}
	links, err := readChain(files[0], head)
	if err != nil {
		return e, err
	}
	// Facts in the order of their taking, and those together that are of a size:
	// two are hashed at once.
	for _, names := range [][]string{{factsName(facts.Healthy), factsName(facts.Faulted)}, {factsName(facts.Sample), jobName}, {factsName(facts.After), factsName(facts.Held)}} {
		files, err := r.read(dir, names...)
		if err != nil {
			return e, fmt.Errorf("%w: %w", ErrEvidence, err)
		}
		if err := verifyFiles(names, files, links); err != nil {
			return e, err
		}
		for i, name := range names {
			if err := e.add(r.Decoder, name, files[i]); err != nil {
				return e, fmt.Errorf("%w: %s: %w", ErrEvidence, name, err)
			}
		}
	}
	return e, nil
}

// add decodes a file that was verified.
func (e *Evidence) add(d *Decoder, name string, text []byte) (err error) {
	if name == jobName {
		if len(text) > 0 { // else the engine left none
			e.Job, err = ReadJob(text)
		}
		return err
	}
	snapshots, err := d.Decode(text)
	e.Snapshots = append(e.Snapshots, snapshots...)
	return err
}

// read reads files over those before. They are good until others are read.
func (r *EvidenceReader) read(dir fs.FS, names ...string) ([][]byte, error) {
	room, ends := r.Room(bytes.MinRead), make([]int, len(names))
	for i, name := range names {
		var err error
		if room, err = appendFile(room, dir, name); err != nil {
			return nil, err
		}
		ends[i] = len(room)
	}
	if cap(room) <= maxRoom {
		r.room = room
	}
	files, begin := make([][]byte, len(names)), 0
	for i, end := range ends {
		files[i], begin = room[begin:end:end], end
	}
	return files, nil
}

// appendFile appends what is in a file to b.
func appendFile(b []byte, dir fs.FS, name string) ([]byte, error) {
	f, err := dir.Open(name)
	if err != nil {
		return b, err
	}
	defer f.Close() //nolint:errcheck // read only
	for err == nil {
		var n int
		b = slices.Grow(b, bytes.MinRead)
		n, err = f.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
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
