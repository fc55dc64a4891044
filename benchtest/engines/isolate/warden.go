package isolate

import (
	"context"
	"sync"
)

// Book is where the users in use are booked, one file each, by every process
// of this machine.
const Book = "/run/benchtest-engines"

// The users that programs run as. The range is in none that distributions,
// systemd, SSSD or subordinate users take by default; one that has a name here
// or is somebody's subordinate is passed over.
const (
	FirstUID = 2_100_000_000
	UIDs     = 10_000
)

// A Warden opens cells. The zero value is ready; it may be used concurrently.
type Warden struct {
	once sync.Once
	lack string // why this process cannot confine anything; empty: it can
}

// Open makes a cell, which the caller closes. The first call tries whether
// programs can be confined here at all; where they cannot, every cell is one
// of None, and that is no error.
func (w *Warden) Open(ctx context.Context, c Config) (*Cell, error) {
	w.once.Do(func() { w.lack = lacking(context.WithoutCancel(ctx), c.Binary) })
	if w.lack != "" {
		return None(w.lack), nil
	}
	return open(c)
}

// Sweep removes what cells left behind whose process died.
func Sweep() error { return sweep(Book) }
