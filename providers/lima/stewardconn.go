package lima

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"github.com/benchtest-dev/benchtest/providers"
)

// A stewardConn is a connection to a guest's steward, by one of the serial ports
// that QEMU keeps as sockets. What comes by it may be the guest's doing, who is
// root there.
type stewardConn struct {
	net.Conn
	in   *bufio.Reader
	lock *flock.Flock // on the port, which takes one caller at a time
}

func (c *stewardConn) Read(b []byte) (int, error) { return c.in.Read(b) }

func (c *stewardConn) Close() error { return errors.Join(c.Conn.Close(), c.lock.Close()) }

// errNobody says that the guest has nobody at a port.
var errNobody = errors.New("nobody listens in the guest")

// greet says hello until it is answered: the first may end a session that was
// saved with the guest, whose other end is long gone. Where there is no answer
// for a while it asks heard whether to go on.
func (c *stewardConn) greet(ctx context.Context, heard func() bool) error {
	const again, patience = 50 * time.Millisecond, 20
	ctx, cancel := context.WithCancelCause(ctx)
	nonce := rand.Text()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for hellos := 1; ; hellos++ {
			if _, err := fmt.Fprintf(c.Conn, "\n%s hello\n", nonce); err != nil {
				cancel(err)
				return
			}
			if hellos%patience == 0 && !heard() {
				cancel(errNobody)
				return
			}
			if providers.Pause(ctx, again) != nil {
				return
			}
		}
	}()
	err := c.await(ctx, nonce)
	cancel(nil)
	_ = c.SetWriteDeadline(time.Now()) // a guest may read no more
	<-done
	return errors.Join(err, c.SetWriteDeadline(time.Time{}))
}

// request makes one request and waits for its answer. Answers to all hellos are
// read by then.
func (c *stewardConn) request(ctx context.Context, text string) error {
	nonce := rand.Text()
	stop := context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Now()) })
	_, err := fmt.Fprintf(c.Conn, "\n%s %s\n", nonce, text)
	if !stop() {
		err = context.Cause(ctx)
	}
	if err != nil {
		return fmt.Errorf("tell its steward: %w", err)
	}
	if err := c.await(ctx, nonce); err != nil {
		return fmt.Errorf("its steward: %w", err)
	}
	return nil
}

// await reads until the answer to nonce. What the guest says beside it is
// bounded, and means nothing.
func (c *stewardConn) await(ctx context.Context, nonce string) error {
	stop := context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Now()) })
	defer stop()
	const most = 1 << 20
	for said := 0; said < most; {
		line, err := c.in.ReadSlice('\n')
		said += len(line)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil:
			return err
		}
		answer, status, _ := strings.Cut(strings.TrimSpace(string(line)), " ")
		switch {
		case answer != nonce:
		case status == "0" && stop():
			return nil
		case status == "0": // in the last moment: the deadline stands
			return context.Cause(ctx)
		default:
			return fmt.Errorf("exit status %.20q", status)
		}
	}
	return errors.New("it babbles")
}
