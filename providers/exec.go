package providers

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"time"
)

// The clocks of a command that is over. Together they keep Exec within its
// limit and two seconds; those of the kill go at the guest's pace.
const (
	// settleIdle is how long the streams of a command that has exited may say
	// nothing before they count as held open by a descendant.
	settleIdle  = time.Second
	settleLimit = 2 * time.Second
	reportLimit = 250 * time.Millisecond  // for a PID that is on its way
	killLimit   = time.Second             // for the killer
	killedLimit = 1500 * time.Millisecond // for all that follows the limit
)

// errLimit is the cause of a context that ended with Command.Limit.
var errLimit = errors.New("the command's limit")

// Exec runs one command in a session of its own and waits for it. The error
// says that the command could not be run, or that what became of it is not
// known (ErrLost); Result then holds the output that came. At c.Limit the
// command is killed with all processes of its session, and the Result says
// TimedOut; when ctx ends, likewise, and the error is its cause. The limit
// holds for the wait for a connection too.
//
// A descendant that left the session (a daemon) lives on; one that keeps the
// command's streams open delays Exec by a second. Exec does not wait for a
// Read of c.Stdin that blocks.
func (s *Sandbox) Exec(ctx context.Context, c Command) (Result, error) {
	r, err := s.exec(ctx, c)
	if err != nil {
		name := ""
		if len(c.Argv) > 0 {
			name = c.Argv[0]
		}
		return r, fmt.Errorf("exec %q on %s: %w", name, s.host, err)
	}
	return r, nil
}

func (s *Sandbox) exec(ctx context.Context, c Command) (Result, error) {
	l := Launch{Nonce: rand.Text(), User: s.access.User, Dir: c.Dir, Env: c.Env, Argv: c.Argv}
	line, err := l.Line()
	if err != nil {
		return Result{ExitStatus: -1}, err
	}
	if c.Limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, c.Limit, errLimit)
		defer cancel()
	}
	ses, err := s.session(ctx)
	if err != nil {
		return Result{ExitStatus: -1}, fmt.Errorf("not started: %w", err)
	}
	defer ses.close()
	x := &execution{sandbox: s, ses: ses, failed: make(chan error, 1), drained: make(chan struct{})}
	x.stdout, x.stderr = newCaptures(l.Nonce, c)
	began := time.Now()
	x.start(line, c.Stdin)
	r, err := x.wait(ctx)
	r.Stdout, r.StdoutTruncated = x.stdout.close()
	r.Stderr, r.StderrTruncated = x.stderr.close()
	r.Duration = time.Since(began)
	return r, err
}

// An execution is one command under way.
type execution struct {
	sandbox        *Sandbox
	ses            *session
	stdout, stderr *capture
	failed         chan error    // the server did not take the command
	drained        chan struct{} // closed at the end of both streams
}

// start asks for the command. Nothing here blocks: a server may stop reading
// or answering at any point, and only wait decides how long that is borne.
func (x *execution) start(line string, stdin io.Reader) {
	go func() {
		if err := x.ses.start(x.sandbox.access, "exec", line); err != nil {
			x.failed <- err
			return
		}
		if stdin != nil {
			_, _ = io.Copy(x.ses.ch, stdin)
		}
		_ = x.ses.ch.CloseWrite()
	}()
	out := make(chan struct{})
	go func() {
		defer close(out)
		x.stdout.drain(x.ses.ch)
	}()
	go func() {
		defer close(x.drained)
		x.stderr.drain(x.ses.ch.Stderr())
		<-out
	}()
}

func (x *execution) wait(ctx context.Context) (Result, error) {
	select {
	case e := <-x.ses.exit:
		return x.exited(ctx, e)
	case err := <-x.failed:
		if errors.Is(err, errSessionGone) {
			return x.vanished(ctx)
		}
		return Result{ExitStatus: -1}, err
	case <-x.ses.gone:
		return x.vanished(ctx)
	case <-ctx.Done():
		select {
		case e := <-x.ses.exit: // both at once
			return x.exited(ctx, e)
		default:
		}
		x.kill()
		r := Result{ExitStatus: -1, Signal: "KILL"}
		if cause := context.Cause(ctx); cause != errLimit { //nolint:errorlint // our own context's cause, never wrapped
			return r, cause
		}
		r.TimedOut = true
		return r, nil
	}
}

// exited makes the Result of a command that ended by itself.
func (x *execution) exited(ctx context.Context, e exit) (Result, error) {
	x.settle(ctx, settleIdle, settleLimit)
	r := Result{ExitStatus: e.status, Signal: e.signal}
	if x.stderr.pid() == 0 {
		return r, fmt.Errorf("not started: exit status %d, %q", e.status, x.stderr.notStarted())
	}
	return r, nil
}

// vanished tells a lost connection from a server that closed one session
// without an exit status. The streams end a moment before the link.
func (x *execution) vanished(ctx context.Context) (Result, error) {
	r := Result{ExitStatus: -1}
	select {
	case e := <-x.ses.exit:
		return x.exited(ctx, e)
	default:
	}
	x.settle(ctx, settleIdle, settleLimit)
	moment := time.NewTimer(settleIdle)
	defer moment.Stop()
	select {
	case <-x.ses.link.dead:
		return r, x.ses.link.lost()
	case <-moment.C:
		return r, fmt.Errorf("%w: the server closed the session without an exit status", ErrLost)
	}
}

// settle waits for the end of both streams, as long as they say something and
// most at all.
func (x *execution) settle(ctx context.Context, idle, most time.Duration) {
	limit := time.NewTimer(most)
	defer limit.Stop()
	quiet := time.NewTimer(idle)
	defer quiet.Stop()
	begin := time.Since(x.stdout.began)
	for {
		select {
		case <-x.drained:
			return
		case <-limit.C:
			return
		case <-ctx.Done():
			return
		case <-quiet.C:
		}
		last := max(begin, time.Duration(x.stdout.last.Load()), time.Duration(x.stderr.last.Load()))
		left := idle - (time.Since(x.stdout.began) - last)
		if left <= 0 {
			return
		}
		quiet.Reset(left)
	}
}
