package providers

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// maxChatter bounds what a login shell may print before the command starts.
const maxChatter = 64 << 10

// A capture takes one output stream of a command. It waits for the runner's
// report, then keeps the first max bytes and drops the rest, so that the guest
// never blocks on us and memory stays bounded.
type capture struct {
	nonce  string
	max    int
	tee    io.Writer // may be nil
	teeing *sync.Mutex
	began  time.Time
	begun  chan struct{} // closed when the report has come
	last   atomic.Int64  // when data came last, in ns since began

	mu        sync.Mutex
	chatter   []byte
	started   bool
	report    string // what followed the nonce on its line
	kept      []byte
	truncated bool
	shut      bool // the command is over for its caller
}

// newCaptures makes the two of a command. Stdout and stderr may have the same
// tee: it sees one Write at a time.
func newCaptures(nonce string, c Command) (stdout, stderr *capture) {
	limit := c.MaxOutput
	if limit <= 0 {
		limit = 1 << 20
	}
	teeing, now := new(sync.Mutex), time.Now()
	return &capture{nonce: nonce, max: limit, tee: c.Stdout, teeing: teeing, began: now, begun: make(chan struct{})},
		&capture{nonce: nonce, max: limit, tee: c.Stderr, teeing: teeing, began: now, begun: make(chan struct{})}
}

// drain reads r to its end, or until the capture is shut.
func (c *capture) drain(r io.Reader) {
	buf := make([]byte, 16<<10)
	for {
		n, err := r.Read(buf)
		if n > 0 {
			c.last.Store(int64(time.Since(c.began)))
			if !c.take(buf[:n]) {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// take takes one piece; false means that nobody wants more.
func (c *capture) take(p []byte) bool {
	if c.tee != nil {
		c.teeing.Lock() // before mu: close waits for what is being written
		defer c.teeing.Unlock()
	}
	c.mu.Lock()
	if c.shut {
		c.mu.Unlock()
		return false
	}
	fresh := c.keep(c.unchatter(p))
	c.mu.Unlock()
	if c.tee != nil && len(fresh) > 0 {
		if _, err := c.tee.Write(fresh); err != nil {
			c.tee = nil
		}
	}
	return true
}

// unchatter returns what of p is the command's own.
func (c *capture) unchatter(p []byte) []byte {
	if c.started {
		return p
	}
	c.chatter = append(c.chatter, p...)
	// The chatter may end in the middle of a line, so the nonce can stand
	// anywhere; it cannot be guessed.
	_, line, found := bytes.Cut(c.chatter, []byte(c.nonce))
	report, rest, whole := bytes.Cut(line, []byte("\n"))
	if found && whole {
		c.started, c.report = true, strings.TrimSpace(string(report))
		c.chatter = nil
		close(c.begun)
		return rest
	}
	if over := len(c.chatter) - maxChatter; over > 0 {
		c.chatter = slices.Delete(c.chatter, 0, over)
	}
	return nil
}

// keep keeps what fits of p, and returns that.
func (c *capture) keep(p []byte) []byte {
	if room := c.max - len(c.kept); len(p) > room {
		p = p[:room]
		c.truncated = true
	}
	c.kept = append(c.kept, p...)
	return p
}

// close ends the capture and returns what it kept. Nothing is written to the
// tee any more when it returns.
func (c *capture) close() (kept []byte, truncated bool) {
	c.teeing.Lock()
	defer c.teeing.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.shut = true
	return c.kept, c.truncated
}

// pid is the process that the runner reported, zero as long as it has not. A
// guest that makes one up only harms itself, but for 1 and what is no PID.
func (c *capture) pid() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	var pid int
	if _, err := fmt.Sscanf(c.report, "%d", &pid); err != nil || pid < 2 || pid > 1<<22 {
		return 0
	}
	return pid
}

// notStarted says why there was no report: the login shell's last words.
func (c *capture) notStarted() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	const most = 512
	words := bytes.TrimSpace(c.chatter)
	words = words[max(0, len(words)-most):]
	return string(bytes.ToValidUTF8(words, []byte("?")))
}
