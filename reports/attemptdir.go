package reports

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/reports/redact"
)

// Bounds of what one attempt may leave on the disk, in bytes.
const (
	MaxTranscript = 64 << 20
	MaxLog        = 16 << 20
)

// An AttemptDir takes the evidence of one attempt. Its files are opened before
// the engine starts and written through those handles alone, whatever becomes
// of their names meanwhile; evidence.jsonl chains them by digest. Methods may
// be called concurrently. The caller closes it.
type AttemptDir struct {
	Name string // below the run's directory, slash-separated: Attempt.Dir
	Path string

	root       *os.Root
	dirs       map[string]*os.Root // those in root
	chain      *chain
	facts      map[facts.Checkpoint]*record
	job        *record
	transcript *stream
	secrets    *redact.Set

	done func() // where set, called once when it is closed

	mu     sync.Mutex
	logs   []*stream
	closed bool
}

// jobName is the job record's file.
const jobName = "job.json"

const factsDir = "facts"

// factsName is the file of a checkpoint's snapshots.
func factsName(c facts.Checkpoint) string { return factsDir + "/" + string(c) + ".jsonl" }

func newAttemptDir(root *os.Root, name, path string) (*AttemptDir, error) {
	d := &AttemptDir{Name: name, Path: path, root: root, dirs: map[string]*os.Root{}, facts: map[facts.Checkpoint]*record{}}
	if err := d.open(); err != nil {
		return nil, errors.Join(err, d.closeFiles())
	}
	return d, nil
}

// open makes every file that the evidence goes to.
func (d *AttemptDir) open() error {
	if err := d.openDirs("facts", "transcript", "artifacts", "logs"); err != nil {
		return err
	}
	f, err := d.create(chainName)
	if err != nil {
		return err
	}
	d.chain = &chain{file: f}
	for _, c := range []facts.Checkpoint{facts.Healthy, facts.Faulted, facts.After, facts.Held, facts.Sample} {
		if d.facts[c], err = d.record(factsName(c)); err != nil {
			return err
		}
	}
	if d.job, err = d.record(jobName); err != nil {
		return err
	}
	d.transcript, err = d.stream(transcriptName, MaxTranscript)
	return err
}

// hide keeps secrets out of all that is written from now on.
func (d *AttemptDir) hide(secrets *redact.Set) {
	d.secrets = secrets
	d.transcript.hide(secrets)
}

// openDirs makes directories and keeps them open, so that a file in one of
// them needs no walk.
func (d *AttemptDir) openDirs(names ...string) error {
	for _, name := range names {
		err := d.root.Mkdir(name, 0o700)
		if err == nil {
			d.dirs[name], err = d.root.OpenRoot(name)
		}
		if err != nil {
			return fmt.Errorf("create attempt directory: %w", err)
		}
	}
	return nil
}

func (d *AttemptDir) create(name string) (*os.File, error) {
	dir, base := d.root, name
	if sub, rest, found := strings.Cut(name, "/"); found {
		dir, base = d.dirs[sub], rest
	}
	f, err := dir.OpenFile(base, os.O_WRONLY|os.O_CREATE|os.O_EXCL|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("create evidence file: %s: %w", name, err)
	}
	return f, nil
}

func (d *AttemptDir) record(name string) (*record, error) {
	f, err := d.create(name)
	if err != nil {
		return nil, err
	}
	return &record{name: name, file: f, chain: d.chain}, nil
}

func (d *AttemptDir) stream(name string, limit int64) (*stream, error) {
	f, err := d.create(name)
	if err != nil {
		return nil, err
	}
	return newStream(name, f, d.chain, limit), nil
}

// WriteSnapshot appends s to facts/CHECKPOINT.jsonl.
func (d *AttemptDir) WriteSnapshot(s facts.Snapshot) error {
	r := d.facts[s.Checkpoint]
	if r == nil {
		return fmt.Errorf("write snapshot of %s: unknown checkpoint %q", s.Host, s.Checkpoint)
	}
	b, err := json.Marshal(s)
	if err == nil {
		err = r.append(append(d.secrets.JSON(b), '\n'))
	}
	if err != nil {
		return fmt.Errorf("write snapshot of %s at %s: %w", s.Host, s.Checkpoint, err)
	}
	return nil
}

// WriteJob writes the job record to job.json, whole. It is called once.
func (d *AttemptDir) WriteJob(j rules.Job) error {
	b, err := json.MarshalIndent(j, "", "  ")
	if err == nil {
		err = d.job.append(append(d.secrets.JSON(b), '\n'))
	}
	if err != nil {
		return fmt.Errorf("write job record: %w", err)
	}
	return nil
}

// Transcript takes the engine's own account; what goes beyond MaxTranscript is
// left out and marked. Every call returns the same writer.
func (d *AttemptDir) Transcript() io.WriteCloser { return d.transcript }

// ArtifactsDir is the path of the directory for files that are no evidence.
func (d *AttemptDir) ArtifactsDir() string { return filepath.Join(d.Path, "artifacts") }

// Log makes logs/NAME.log, bounded by MaxLog like the transcript. A name that
// was taken is an error. The caller closes it, or Close does.
func (d *AttemptDir) Log(name string) (io.WriteCloser, error) {
	if name == "" || strings.ContainsAny(name, `/\`) || !filepath.IsLocal(name) {
		return nil, fmt.Errorf("create log: bad name %q", name)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil, fmt.Errorf("create log %q: %w", name, os.ErrClosed)
	}
	s, err := d.stream("logs/"+name+".log", MaxLog)
	if err != nil {
		return nil, err
	}
	s.hide(d.secrets)
	d.logs = append(d.logs, s)
	return s, nil
}

// Seal ends the evidence: it closes every file and returns the digest of the
// chain's last line, which belongs in the attempt's record (Digests.Evidence).
func (d *AttemptDir) Seal() (string, error) {
	err := d.Close()
	return d.chain.digest(), err
}

// Close closes what is open. It is idempotent.
func (d *AttemptDir) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil
	}
	d.closed = true
	if d.done != nil {
		d.done()
	}
	return errors.Join(d.closeFiles(), d.root.Close())
}

func (d *AttemptDir) closeFiles() error {
	var errs []error
	for _, dir := range d.dirs {
		errs = append(errs, dir.Close())
	}
	for _, s := range append(d.logs, d.transcript) {
		if s != nil {
			errs = append(errs, s.Close())
		}
	}
	for _, r := range d.facts {
		if r != nil {
			errs = append(errs, r.file.Close())
		}
	}
	if d.job != nil {
		errs = append(errs, d.job.file.Close())
	}
	if d.chain != nil {
		errs = append(errs, d.chain.file.Close())
	}
	return errors.Join(errs...)
}
