package enginetest

import (
	"bytes"
	"sync"
	"testing"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/engines"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/providers"
)

// A Desk is one engine's work with everything that it left.
type Desk struct {
	Work       engines.Work
	Runners    map[string]*Runner
	Transcript *Buffer
	Log        *Buffer

	mu       sync.Mutex
	observed []rules.Command
	isolated []string
}

// NewDesk makes work on the given hosts with the ticket's body. Fields of Work
// may be changed before it is used.
func NewDesk(tb testing.TB, body string, hosts ...string) *Desk {
	tb.Helper()
	d := &Desk{Runners: map[string]*Runner{}, Transcript: &Buffer{}, Log: &Buffer{}}
	home := tb.TempDir()
	d.Work = engines.Work{
		Ticket:     engines.Ticket{ID: "INC1", Title: "Web server down", Body: body},
		RunID:      "20260102T030405Z-abcdef",
		Attempt:    "nginx/001-broken-config/i1",
		Hosts:      hosts,
		Deadline:   time.Now().Add(time.Minute),
		SSHConfig:  "/nonexistent/ssh_config",
		Dir:        tb.TempDir(),
		Sandboxes:  map[string]providers.Runner{},
		Transcript: d.Transcript,
		Log:        d.Log,
		Observe:    d.observe,
		Isolated:   d.isolate,
	}
	for _, h := range hosts {
		d.Runners[h] = &Runner{Name: h, Home: home}
		d.Work.Sandboxes[h] = d.Runners[h]
	}
	return d
}

func (d *Desk) observe(c rules.Command) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.observed = append(d.observed, c)
}

func (d *Desk) isolate(by string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.isolated = append(d.isolated, by)
}

// Observed is what the engine reported through Observe.
func (d *Desk) Observed() []rules.Command {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]rules.Command(nil), d.observed...)
}

// Isolated is what the engine reported through Isolated.
func (d *Desk) Isolated() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]string(nil), d.isolated...)
}

// A Buffer is a bytes.Buffer that may be used concurrently.
type Buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write is io.Writer's.
func (b *Buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

// String is all that was written.
func (b *Buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
