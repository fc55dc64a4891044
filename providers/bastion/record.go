package bastion

import (
	"errors"
	"slices"
	"sync"
	"time"
)

// Kind says what a client asked for.
type Kind string

// The kinds.
const (
	Exec      Kind = "exec"      // a command line
	Shell     Kind = "shell"     // a login shell, interactive or fed from standard input
	Subsystem Kind = "subsystem" // sftp
	Forward   Kind = "forward"   // a connection to a port of the guest's loopback
)

// A Record is one thing a client had done on a host, as the bastion saw it.
type Record struct {
	Seq     int    `json:"seq"` // 1, 2, ... in the order in which they started
	Host    string `json:"host"`
	Kind    Kind   `json:"kind"`
	Command string `json:"command"` // as requested
	// Argv is the command as words where it is nothing but words, and sh -c with
	// the whole text where it takes a shell to know what it does. A shell,
	// subsystem or forward has one that says so.
	Argv []string `json:"argv"`
	// Typed holds the lines that went into a shell. It is a guess: what a
	// person recalled from the history or completed is not in the input.
	Typed []string `json:"typed,omitempty"`
	// ExitStatus is nil while the command runs and where it has none.
	ExitStatus *int      `json:"exit_status,omitempty"`
	Signal     string    `json:"signal,omitempty"` // "TERM": what ended it, without SIG
	Started    time.Time `json:"started"`
	Ended      time.Time `json:"ended,omitzero"`
	// Stdin, Stdout and Stderr count the bytes that went through.
	Stdin  int64 `json:"stdin_bytes"`
	Stdout int64 `json:"stdout_bytes"`
	Stderr int64 `json:"stderr_bytes"`
	// Terminal is the path of the recorded stream (asciicast version 2), for
	// shells and for what ran on a terminal.
	Terminal string `json:"terminal,omitempty"`
	// Truncated says that Terminal or Typed does not hold everything.
	Truncated bool `json:"truncated,omitempty"`
	// Error says why there is neither exit status nor signal.
	Error string `json:"error,omitempty"`
}

var errLedgerFull = errors.New("this attempt has run as many commands as are recorded")

// A ledger holds the records of a bastion in their order. Its methods may be
// called concurrently.
type ledger struct {
	observe func(Record)
	limits  Limits

	mu      sync.Mutex
	records []Record
	bytes   int64

	telling sync.Mutex // serialises observe, which must not hold up readers
}

// start gives r its number, keeps it and tells the observer. What cannot be
// recorded must not run: on error the caller refuses the request.
func (l *ledger) start(r Record) (int, error) {
	l.telling.Lock()
	defer l.telling.Unlock()
	l.mu.Lock()
	if len(l.records) >= l.limits.Commands || l.bytes+int64(len(r.Command)) > l.limits.CommandBytes {
		l.mu.Unlock()
		return 0, errLedgerFull
	}
	l.bytes += int64(len(r.Command))
	r.Seq = len(l.records) + 1
	r.Started = time.Now()
	l.records = append(l.records, r)
	l.mu.Unlock()
	l.tell(r)
	return r.Seq, nil
}

// end completes record seq with what set changes and tells the observer.
func (l *ledger) end(seq int, set func(*Record)) {
	l.telling.Lock()
	defer l.telling.Unlock()
	l.mu.Lock()
	r := &l.records[seq-1]
	set(r)
	r.Ended = time.Now()
	done := r.clone()
	l.mu.Unlock()
	l.tell(done)
}

func (l *ledger) tell(r Record) {
	if l.observe != nil {
		l.observe(r.clone())
	}
}

func (l *ledger) all() []Record {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := make([]Record, len(l.records))
	for i, r := range l.records {
		out[i] = r.clone()
	}
	return out
}

// Ran is the argv of each command that r stands for. A shell stands for the
// lines that went into it, as far as they are known.
func (r Record) Ran() [][]string {
	var ran [][]string
	if r.Kind != Shell || len(r.Typed) == 0 {
		ran = append(ran, r.Argv)
	}
	for _, line := range r.Typed {
		ran = append(ran, argvOf(line))
	}
	return ran
}

// clone shares nothing with r that a reader could change.
func (r Record) clone() Record {
	r.Argv = slices.Clone(r.Argv)
	r.Typed = slices.Clone(r.Typed)
	if r.ExitStatus != nil {
		r.ExitStatus = new(*r.ExitStatus)
	}
	return r
}

// note changes record seq while its command runs.
func (l *ledger) note(seq int, set func(*Record)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	set(&l.records[seq-1])
}
