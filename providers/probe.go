package providers

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strconv"
	"sync"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/facts/talk"
)

// residentScript takes a probe from $2 bytes of its standard input, unpacked by
// $3, and becomes it: what follows are questions. It lies in memory, where that may be executed:
// a disk may be full. An empty file tells, since a shell takes it for a script.
// The probe removes its file as soon as it runs. $0 names the script to fakes.
const (
	residentScript = `umask 077; ` +
		`for d in /run/benchtest /dev/shm/benchtest /var/lib/benchtest; do ` +
		`p=$d/probe-$1; { mkdir -p "$d" && : >"$p" && chmod 700 "$p" && "$p"; } 2>/dev/null && break; rm -f -- "$p"; done; ` +
		`head -c "$2" | $3 >"$p" && "$p" --serve; s=$?; rm -f -- "$p"; exit $s`
	residentName = "benchtest-probe"
)

// residentLimit bounds a probe's way into the guest. Whoever waits for it may
// have less time; it goes on for the next.
const residentLimit = time.Minute

// A resident is a probe that stays in the guest as long as the connection by
// which it came, and answers what is asked over that. It came before whatever
// happens to the guest's files and programs later.
type resident struct {
	came chan struct{} // closed when one of these is set
	talk *talk.Talk
	err  error
}

// A probeState is what a link has of the probe. A lost connection may mean a
// reboot, so a new link starts anew.
type probeState struct {
	mu       sync.Mutex
	resident *resident // the last that was sent; nil before the first
}

// askResident asks the probe that stays in the guest; ctx bounds it.
func (s *Sandbox) askResident(ctx context.Context, question []byte) ([]byte, error) {
	l, err := s.connect(ctx)
	if err != nil {
		return nil, err
	}
	r, err := s.residentOf(l)
	if err != nil {
		return nil, err
	}
	select {
	case <-r.came:
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for the probe to come to the guest: %w", context.Cause(ctx))
	}
	if r.err != nil {
		return nil, fmt.Errorf("send the probe: %w", r.err)
	}
	answer, err := r.talk.Ask(ctx, question)
	if err != nil && !l.alive() {
		return nil, fmt.Errorf("%w (%w)", l.lost(), err)
	}
	return answer, err
}

// residentOf is the link's probe, or one that is on its way.
func (s *Sandbox) residentOf(l *link) (*resident, error) {
	l.probe.mu.Lock()
	defer l.probe.mu.Unlock()
	if r := l.probe.resident; r != nil && !r.over() {
		return r, nil
	}
	r := &resident{came: make(chan struct{})}
	if !s.behind(func() { s.settle(l, r) }) {
		return nil, ErrClosed
	}
	l.probe.resident = r
	return r, nil
}

// over reports whether nothing can be asked of it any more.
func (r *resident) over() bool {
	select {
	case <-r.came:
	default:
		return false
	}
	if r.err != nil {
		return true
	}
	select {
	case <-r.talk.Ended():
		return true
	default:
		return false
	}
}

// settle sends a probe and stays with it until it goes.
func (s *Sandbox) settle(l *link, r *resident) {
	limit := s.o.paced(residentLimit)
	ctx, cancel := context.WithTimeoutCause(context.Background(), limit, fmt.Errorf("it did not come within %s", limit))
	defer cancel()
	ctx, stop := s.alive(ctx)
	defer stop()
	ses, err := l.session(ctx, func() {})
	if err != nil {
		r.err = err
		close(r.came)
		return
	}
	defer ses.close()
	type outcome struct {
		talk *talk.Talk
		err  error
	}
	done := make(chan outcome, 1)
	go func() {
		t, err := s.sendResident(ses)
		done <- outcome{t, err}
	}()
	select {
	case o := <-done:
		r.talk, r.err = o.talk, o.err
	case <-ctx.Done():
		r.err = context.Cause(ctx)
	}
	close(r.came)
	if r.err != nil {
		return
	}
	select {
	case <-r.talk.Ended():
	case <-l.dead:
		r.talk.End(l.lost())
	case <-s.closed:
		r.talk.End(ErrClosed)
	}
}

// sendResident begins the talk with a probe that it sends by ses.
func (s *Sandbox) sendResident(ses *session) (*talk.Talk, error) {
	probe, size, unpack, err := s.packedProbe()
	if err != nil {
		return nil, fmt.Errorf("read the probe: %w", err)
	}
	l := Launch{Nonce: rand.Text(), User: s.access.User, Argv: []string{
		"/bin/sh", "-c", residentScript, residentName, rand.Text(), strconv.FormatInt(size, 10), unpack,
	}}
	line, err := l.Line()
	if err != nil {
		return nil, err
	}
	if err := ses.start(s.access, "exec", line); err != nil {
		return nil, err
	}
	_, stderr := newCaptures(l.Nonce, Command{MaxOutput: 512})
	go stderr.drain(ses.ch.Stderr())
	_, err = io.Copy(ses.ch, probe)
	in := bufio.NewReaderSize(ses.ch, maxChatter)
	if err == nil {
		err = skipChatter(in, l.Nonce)
	}
	var t *talk.Talk
	if err == nil {
		t, err = talk.Begin(in, ses.ch, maxAnswer)
	}
	if err != nil {
		said, _ := stderr.close()
		return nil, fmt.Errorf("%w: %q", err, bytes.TrimSpace(said))
	}
	return t, nil
}

// packedProbe is the probe as it is sent: where the guest is slow, it is small.
func (s *Sandbox) packedProbe() (probe io.Reader, size int64, unpack string, err error) {
	info, err := s.o.Probe.Stat()
	if err != nil {
		return nil, 0, "", err
	}
	// A section has an offset of its own: the file is shared.
	file := io.NewSectionReader(s.o.Probe, 0, info.Size())
	if s.o.Pace == 1 {
		return file, info.Size(), "cat", nil
	}
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	if err == nil {
		_, err = io.Copy(w, file)
		err = errors.Join(err, w.Close())
	}
	return &b, int64(b.Len()), "gzip -dc", err
}

// skipChatter reads what a login shell says before the runner's report, and
// that.
func skipChatter(in *bufio.Reader, nonce string) error {
	for total := 0; total <= maxChatter; {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return fmt.Errorf("wait until it starts: %w", err)
		}
		if bytes.HasSuffix(bytes.TrimRight(line, "\r\n"), []byte(nonce)) {
			return nil
		}
		total += len(line)
	}
	return errors.New("wait until it starts: the login shell does not stop talking")
}
