package bastion

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/ssh"
)

var errClosed = errors.New("bastion is closed")

// A Bastion is a running SSH server for one attempt. Its methods may be called
// concurrently. Whoever started it closes it.
type Bastion struct {
	dir      string
	user     string
	limits   Limits
	log      *log.Logger
	listener *net.UnixListener
	server   *ssh.ServerConfig
	identity identity
	files    []string // what Close removes
	guests   map[string]*guest
	slots    chan struct{} // one for each client connection
	first    atomic.Pointer[time.Time]
	ledger   ledger

	terminals    *os.Root // dir, where the streams of terminals go
	terminalLeft atomic.Int64
	streams      atomic.Int64

	cancel context.CancelFunc
	wg     sync.WaitGroup
	close  func() error
}

// Start makes the attempt's keys and files in c.Dir and serves until ctx ends
// or Close is called. No guest is dialled before a client asks for it.
func Start(ctx context.Context, c Config) (*Bastion, error) {
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("start bastion: %w", err)
	}
	limits := c.Limits.withDefaults()
	b := &Bastion{
		dir:    c.Dir,
		user:   cmp.Or(c.User, defaultUser),
		limits: limits,
		log:    log.New(&boundedLog{w: c.Log, left: maxLog}, "bastion: ", log.LstdFlags|log.Lmicroseconds|log.LUTC),
		guests: map[string]*guest{},
		slots:  make(chan struct{}, limits.Connections),
		ledger: ledger{observe: c.Observe, limits: limits},
	}
	b.terminalLeft.Store(limits.TerminalTotal)
	for name, up := range c.Hosts {
		b.guests[name] = newGuest(name, up, limits)
	}
	if err := b.prepare(c); err != nil {
		return nil, fmt.Errorf("start bastion: %w", errors.Join(err, b.remove()))
	}
	b.close = sync.OnceValue(b.shutdown)
	ctx, b.cancel = context.WithCancel(ctx)
	context.AfterFunc(ctx, func() { _ = b.listener.Close() })
	b.wg.Go(func() { b.serve(ctx) })
	return b, nil
}

// maxLog bounds what clients can make the bastion log.
const maxLog = 1 << 20

// boundedLog forwards whole lines until its budget is used up. Its logger
// serialises the calls.
type boundedLog struct {
	w    io.Writer // nil: nobody reads
	left int
}

func (l *boundedLog) Write(line []byte) (int, error) {
	if l.w == nil || l.left < 0 {
		return len(line), nil
	}
	if l.left -= len(line); l.left < 0 {
		_, err := io.WriteString(l.w, "bastion: this log's limit is reached\n")
		return len(line), err
	}
	return l.w.Write(line)
}

// shutdown ends every client and guest connection, waits until their records
// are complete and removes the socket and the keys.
func (b *Bastion) shutdown() error {
	b.cancel()
	_ = b.listener.Close()
	for _, g := range b.guests {
		g.close()
	}
	b.wg.Wait()
	return b.remove()
}

func (b *Bastion) remove() error {
	var errs []error
	if b.terminals != nil {
		errs = append(errs, b.terminals.Close())
	}
	for _, path := range b.files {
		if err := os.RemoveAll(path); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// Close ends every connection, cuts the commands that still run, and returns
// when all records are complete. Further calls return what the first did.
func (b *Bastion) Close() error { return b.close() }

// SSHConfigPath is the OpenSSH client configuration in which each host_name is
// a Host.
func (b *Bastion) SSHConfigPath() string { return filepath.Join(b.dir, "ssh_config") }

// Socket is the path of the Unix socket that DialMain connects to.
func (b *Bastion) Socket() string { return b.listener.Addr().String() }

// FirstAction is when the first client proved itself to a host; false while
// none has.
func (b *Bastion) FirstAction() (time.Time, bool) {
	at := b.first.Load()
	if at == nil {
		return time.Time{}, false
	}
	return *at, true
}

// Commands is every record so far, in the order in which they started. After
// Close it is final.
func (b *Bastion) Commands() []Record { return b.ledger.all() }
