package host

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/benchtest-dev/benchtest/providers"
)

// A claim is the right to use one host: a lock for each of its addresses, so
// that no process has it under another name.
type claim struct {
	entry   Entry
	keys    []string // its addresses, as names of files
	locks   []*os.File
	attempt string // who it is for, and as which host of the scenario
	as      string
}

func (c *claim) unlock() {
	for _, f := range c.locks {
		_ = f.Close()
	}
	c.locks = nil
}

// A desk is where the attempts of one Provider wait for hosts, the oldest
// first.
type desk struct {
	dir      string // of the locks, where all processes of this machine meet
	provider *Provider
	addresses

	mu       sync.Mutex
	waiters  []*waiter
	held     map[string]bool // names of the hosts that this value has
	waiting  []*claim        // borrowed and not collected
	isolated map[string]error
	changed  chan struct{} // closed when a host is free or isolated
}

func newDesk(dir string, p *Provider) *desk {
	return &desk{dir: dir, provider: p, held: map[string]bool{}, isolated: map[string]error{}, changed: make(chan struct{})}
}

// A waiter wants a host for each of its specs.
type waiter struct {
	specs []providers.CloneSpec
	needs [][]candidate // for each spec, the hosts that would do
	got   []*claim      // all, once they are there
	err   error         // waiting is in vain
}

// claim waits for hosts for all specs and takes them, or none.
func (d *desk) claim(ctx context.Context, specs []providers.CloneSpec) ([]*claim, error) {
	w := &waiter{specs: specs}
	for _, c := range specs {
		options, err := d.candidates(ctx, c)
		if err != nil {
			return nil, err
		}
		w.needs = append(w.needs, options)
	}
	d.mu.Lock()
	d.waiters = append(d.waiters, w)
	d.mu.Unlock()
	defer d.forget(w)
	for {
		changed := d.serve()
		d.mu.Lock()
		got, err := w.got, w.err
		d.mu.Unlock()
		if got != nil || err != nil {
			return got, err
		}
		look, cancel := context.WithTimeout(ctx, poll) // other processes do not tell
		select {
		case <-changed:
		case <-look.Done():
		}
		cancel()
		if ctx.Err() != nil {
			return nil, d.giveUp(w, context.Cause(ctx))
		}
	}
}

// giveUp ends a wait. Hosts that came with the end go back.
func (d *desk) giveUp(w *waiter, cause error) error {
	d.forget(w)
	for _, c := range w.got {
		d.free(c)
	}
	var wanted []string
	for i, n := range w.needs {
		wanted = append(wanted, fmt.Sprintf("for %s: %s", w.specs[i].HostName, entryNames(n)))
	}
	return fmt.Errorf("wait for a free host (%s): %w", strings.Join(wanted, "; "), cause)
}

// forget takes w from the queue.
func (d *desk) forget(w *waiter) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.waiters = slices.DeleteFunc(d.waiters, func(o *waiter) bool { return o == w })
}

// serve gives the waiters what is free, the oldest first. What an older one
// needs and cannot use yet, since the rest is missing, younger ones do not get:
// or it would wait for ever. The channel tells of the next change.
func (d *desk) serve() (changed <-chan struct{}) {
	d.mu.Lock()
	defer d.mu.Unlock()
	aside := map[string]bool{}
	for _, w := range d.waiters {
		if w.got != nil || w.err != nil {
			continue
		}
		w.got, w.err = d.match(w, aside)
		if w.got == nil && len(w.needs) > 1 {
			for _, options := range w.needs {
				for _, o := range options {
					aside[o.entry.Name] = true
				}
			}
		}
	}
	return d.changed
}

// match takes a host for every need of w, or none. It is called with the mutex
// held.
func (d *desk) match(w *waiter, aside map[string]bool) ([]*claim, error) {
	free := map[string]*claim{}
	defer func() {
		for _, c := range free {
			c.unlock()
		}
	}()
	for i, options := range w.needs {
		var reasons []error
		for _, o := range options {
			if free[o.entry.Name] != nil {
				continue
			}
			c, err := d.take(o, w.specs[i], aside)
			if err != nil {
				reasons = append(reasons, err)
			} else if c != nil {
				free[o.entry.Name] = c
			}
		}
		if len(reasons) == len(options) {
			return nil, errors.Join(reasons...)
		}
	}
	chosen := assign(w.needs, func(o candidate) bool { return free[o.entry.Name] != nil })
	if chosen == nil {
		return nil, nil
	}
	var got []*claim
	for i, o := range chosen {
		c := free[o.entry.Name]
		delete(free, o.entry.Name)
		c.attempt, c.as = w.specs[i].Attempt, w.specs[i].HostName
		d.held[o.entry.Name] = true
		got = append(got, c)
	}
	return got, nil
}

// take locks a host, if it is free: nil when it is not yet, an error when it
// will not be.
func (d *desk) take(o candidate, c providers.CloneSpec, aside map[string]bool) (*claim, error) {
	for _, k := range o.keys {
		if err := d.isolated[k]; err != nil {
			return nil, fmt.Errorf("host %s is quarantined for the rest of this run: %w", o.entry.Name, err)
		}
	}
	if d.held[o.entry.Name] || aside[o.entry.Name] {
		return nil, nil
	}
	got := &claim{entry: o.entry, keys: o.keys}
	for _, k := range o.keys {
		f, err := tryLock(d.lockPath(k))
		if err != nil || f == nil {
			got.unlock()
			return nil, err
		}
		got.locks = append(got.locks, f)
	}
	if err := d.provider.usable(got, c); err != nil {
		got.unlock()
		return nil, err
	}
	return got, nil
}

// free gives a host back.
func (d *desk) free(c *claim) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if c.locks == nil {
		return
	}
	c.unlock()
	delete(d.held, c.entry.Name)
	d.tell()
}

// quarantine keeps hosts with these addresses from everybody.
func (d *desk) quarantine(keys []string, reason error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, k := range keys {
		d.isolated[k] = reason
	}
	d.tell()
}

// tell wakes the waiters. It is called with the mutex held.
func (d *desk) tell() {
	close(d.changed)
	d.changed = make(chan struct{})
}

// collect hands over what was borrowed for c; nil: nothing was.
func (d *desk) collect(c providers.CloneSpec) *claim {
	d.mu.Lock()
	defer d.mu.Unlock()
	i := slices.IndexFunc(d.waiting, func(w *claim) bool { return c.Attempt != "" && w.attempt == c.Attempt && w.as == c.HostName })
	if i < 0 {
		return nil
	}
	found := d.waiting[i]
	d.waiting = slices.Delete(d.waiting, i, i+1)
	return found
}

// Borrow takes a host for every spec; see providers.Lender.
func (p *Provider) Borrow(ctx context.Context, specs []providers.CloneSpec) (giveBack func(), err error) {
	claims, err := p.desk.claim(ctx, specs)
	if err != nil {
		return func() {}, err
	}
	p.desk.mu.Lock()
	p.desk.waiting = append(p.desk.waiting, claims...)
	p.desk.mu.Unlock()
	return func() {
		for _, c := range claims {
			p.desk.mu.Lock()
			i := slices.Index(p.desk.waiting, c)
			if i >= 0 {
				p.desk.waiting = slices.Delete(p.desk.waiting, i, i+1)
			}
			p.desk.mu.Unlock()
			if i >= 0 {
				p.desk.free(c)
			}
		}
	}, nil
}
