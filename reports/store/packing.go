package store

import (
	"fmt"
	"runtime"
)

// A Packing turns reports into rows ahead of who adds them, on as many cores as
// there are: a database is written to by one at a time, and compressing takes
// longer. Its methods are called one at a time.
type Packing struct {
	idle  chan *packer
	queue []<-chan packed
}

type packed struct {
	report Report
	err    error
}

// NewPacking returns one that is empty.
func NewPacking() *Packing {
	p := &Packing{idle: make(chan *packer, runtime.GOMAXPROCS(0))}
	for range cap(p.idle) {
		p.idle <- &packer{}
	}
	return p
}

// Put begins to pack r.
func (p *Packing) Put(r Report) {
	done := make(chan packed, 1)
	p.queue = append(p.queue, done)
	go func() {
		k := <-p.idle
		defer func() { p.idle <- k }()
		err := r.pack(k)
		done <- packed{r, err}
	}()
}

// Len is how many were put and not taken.
func (p *Packing) Len() int { return len(p.queue) }

// Take waits for the first of those that were put. Its rows are all that is
// left of its evidence.
func (p *Packing) Take() (Report, error) {
	first := <-p.queue[0]
	p.queue = p.queue[1:]
	return first.report, first.err
}

// pack turns r into rows, which take the place of its evidence.
func (r *Report) pack(k *packer) error {
	if r.rows != nil {
		return nil
	}
	all := rows{}
	if err := all.addReport(k, *r); err != nil {
		return fmt.Errorf("pack %s: %w", r.ID(), err)
	}
	r.rows, r.Job, r.Facts, r.Transcript = all, nil, nil, nil
	return nil
}

// merge adds the rows of other.
func (r rows) merge(other rows) {
	for name, list := range other {
		r[name] = append(r[name], list...)
	}
}
