package providertest

import (
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// wireRoom is how much one way of a wire holds before a writer waits.
const wireRoom = 256 << 10

// Wire makes the two ends of a connection in memory. It costs no file
// descriptor, works in a synctest bubble, and unlike net.Pipe it has room: both
// sides of an SSH handshake write before they read. It has no deadlines. The
// ends have CloseWrite.
func Wire() (a, b net.Conn) {
	there, back := newWay(), newWay()
	return &wireEnd{in: back, out: there}, &wireEnd{in: there, out: back}
}

// A way is one direction of a wire.
type way struct {
	mu      sync.Mutex
	changed *sync.Cond
	data    []byte
	ended   bool // the writer will write no more
	broken  bool // the reader will read no more
}

func newWay() *way {
	w := &way{}
	w.changed = sync.NewCond(&w.mu)
	return w
}

func (w *way) read(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.data) == 0 && !w.ended && !w.broken {
		w.changed.Wait()
	}
	switch {
	case w.broken:
		return 0, net.ErrClosed
	case len(w.data) == 0:
		return 0, io.EOF
	}
	n := copy(p, w.data)
	w.data = w.data[n:]
	if len(w.data) == 0 {
		w.data = nil // or its array would only ever grow
	}
	w.changed.Broadcast()
	return n, nil
}

func (w *way) write(p []byte) (n int, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(p) > 0 {
		for len(w.data) >= wireRoom && !w.ended && !w.broken {
			w.changed.Wait()
		}
		if w.ended || w.broken {
			return n, io.ErrClosedPipe
		}
		m := min(len(p), wireRoom-len(w.data))
		w.data = append(w.data, p[:m]...)
		n, p = n+m, p[m:]
		w.changed.Broadcast()
	}
	return n, nil
}

// end marks the way; what is in it can still be read unless it is broken.
func (w *way) end(broken bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended = true
	w.broken = w.broken || broken
	w.changed.Broadcast()
}

// A wireEnd is one end of a wire. It has no deadlines.
type wireEnd struct{ in, out *way }

func (e *wireEnd) Read(p []byte) (int, error)  { return e.in.read(p) }
func (e *wireEnd) Write(p []byte) (int, error) { return e.out.write(p) }

// CloseWrite ends the way out; the way in stays open.
func (e *wireEnd) CloseWrite() error {
	e.out.end(false)
	return nil
}

func (e *wireEnd) Close() error {
	e.in.end(true)
	e.out.end(false)
	return nil
}

func (e *wireEnd) LocalAddr() net.Addr              { return wireAddr{} }
func (e *wireEnd) RemoteAddr() net.Addr             { return wireAddr{} }
func (e *wireEnd) SetDeadline(time.Time) error      { return os.ErrNoDeadline }
func (e *wireEnd) SetReadDeadline(time.Time) error  { return os.ErrNoDeadline }
func (e *wireEnd) SetWriteDeadline(time.Time) error { return os.ErrNoDeadline }

type wireAddr struct{}

func (wireAddr) Network() string { return "wire" }
func (wireAddr) String() string  { return "wire" }
