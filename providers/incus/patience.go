package incus

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"

	"github.com/benchtest-dev/benchtest/providers"
)

const (
	// outageLimit is how long a daemon that has answered before is waited for.
	outageLimit = 30 * time.Second
	// outagePause is how long it is left alone between two tries.
	outagePause = 100 * time.Millisecond
)

// An outage is what is known of the daemon's absences. Its methods may be
// called concurrently.
type outage struct {
	mu    sync.Mutex
	known bool      // it has answered: one that never did is not waited for
	since time.Time // it does not answer since then; zero: it does
	last  time.Time // when it last did not
}

// answered notes that the daemon is there.
func (o *outage) answered() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.known, o.since = true, time.Time{}
}

// missed notes that it is not, and reports whether to try again: everybody
// together waits once for an absence, and not each of them in turn.
func (o *outage) missed(now time.Time) (again bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.known {
		return false
	}
	o.last = now
	if o.since.IsZero() {
		o.since = now
	}
	return now.Sub(o.since) < outageLimit
}

// after is the last time, after since, that the daemon did not answer; zero:
// it always did.
func (o *outage) after(since time.Time) time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.last.Before(since) {
		return time.Time{}
	}
	return o.last
}

// interrupted says that the daemon was away at some moment after since.
func (r remote) interrupted(since time.Time) error {
	if at := r.outage.after(since); !at.IsZero() {
		return fmt.Errorf("the Incus daemon at %s was away at %s", r, at.UTC().Format(time.TimeOnly))
	}
	return nil
}

// A patientTransport sends again what a daemon that restarts has not taken:
// the connection was refused, or all that it says is that it is not ready.
// Nothing was begun then, whatever the request asked for. What was cut off
// later may have been begun, and is not sent again.
type patientTransport struct {
	ctx    context.Context //nolint:containedctx // some of the client's requests have none
	inner  *http.Transport
	outage *outage
	prompt bool // tries once
}

// Transport is what the Incus client makes its WebSockets with.
func (t *patientTransport) Transport() *http.Transport { return t.inner }

// RoundTrip implements http.RoundTripper.
func (t *patientTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Context() == context.Background() {
		req = req.WithContext(t.ctx)
	}
	for {
		resp, err := t.inner.RoundTrip(req)
		away := turnedAway(resp, err)
		if err == nil && !away {
			t.outage.answered()
			return resp, nil
		}
		again := (away || cutOff(err)) && t.outage.missed(time.Now()) && away && !t.prompt
		next := rewound(req)
		if !again || next == nil {
			return resp, err
		}
		if resp != nil {
			_ = resp.Body.Close()
		}
		if perr := providers.Pause(req.Context(), outagePause); perr != nil {
			return nil, fmt.Errorf("wait for Incus: %w", errors.Join(perr, err))
		}
		req = next
	}
}

// turnedAway reports whether the daemon took nothing.
func turnedAway(resp *http.Response, err error) bool {
	if err == nil {
		return resp.StatusCode == http.StatusServiceUnavailable
	}
	var op *net.OpError
	return errors.Is(err, syscall.ECONNREFUSED) || errors.As(err, &op) && op.Op == "dial" && !op.Timeout()
}

// cutOff reports whether the daemon ended in the middle of a request.
func cutOff(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// rewound is the request once more; nil: its body cannot be had again.
func rewound(req *http.Request) *http.Request {
	if req.Body == nil || req.Body == http.NoBody {
		return req
	}
	if req.GetBody == nil {
		return nil
	}
	body, err := req.GetBody()
	if err != nil {
		return nil
	}
	next := req.Clone(req.Context())
	next.Body = body
	return next
}
