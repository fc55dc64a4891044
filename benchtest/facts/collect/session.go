//go:build linux

package collect

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

// A session is the work on one request. What several queries need is read
// once, at the moment the first one asks.
type session struct {
	env        *Env // of which guard refuses a part
	guard      *mountGuard
	req        facts.Request
	collectors map[string]collector
	attrs      map[string][]facts.Attr // by noun

	processes once[[]*proc]
	holders   once[map[uint64]*proc] // who holds a socket, by its inode
	sockets   once[[]socket]
	mounts    once[[]mountEntry]
	accounts  once[*accounts]
	packages  once[map[string][]string]
	packaged  once[map[string]bool] // files of packages
	bundle    once[caBundle]
	systemd   once[*systemd]
	wanted    once[map[string]bool]
}

func newSession(ctx context.Context, e *Env, req facts.Request) *session {
	guarded := *e
	s := &session{env: &guarded, req: req, collectors: collectors(), attrs: map[string][]facts.Attr{}}
	s.guard = s.newMountGuard(ctx)
	guarded.Root = e.Root.guarded(s.guard)
	for _, n := range slices.Concat(facts.Nouns(), facts.InternalNouns()) {
		s.attrs[n.Name] = n.Attrs
	}
	return s
}

func (s *session) close() {
	if d, ok := s.systemd.done(); ok && d != nil {
		d.close()
	}
}

// limit bounds one query.
func (s *session) limit() time.Duration {
	if s.req.Limit > 0 {
		return s.req.Limit
	}
	return facts.DefaultLimit
}

// maxBytes bounds one text.
func (s *session) maxBytes() int {
	if s.req.MaxBytes > 0 {
		return s.req.MaxBytes
	}
	return facts.DefaultMaxBytes
}

func (s *session) listProcesses(ctx context.Context) ([]*proc, error) {
	return s.processes.get(func() ([]*proc, error) { return listProcesses(ctx, s.env) })
}

// once reads something the first time it is asked for. Its zero value is
// ready. An answer that was cut off by the limit of one query, which may be a
// short one, is no answer for the others.
type once[T any] struct {
	mu    sync.Mutex
	asked bool
	value T
	err   error
}

func (o *once[T]) get(read func() (T, error)) (T, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.asked {
		o.value, o.err = read()
		o.asked = !errors.Is(o.err, context.DeadlineExceeded) && !errors.Is(o.err, context.Canceled)
	}
	return o.value, o.err
}

// done returns the value if it was read without an error.
func (o *once[T]) done() (T, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.value, o.asked && o.err == nil
}
