package attempt

import (
	"context"
	"io"
	"log/slog"

	"github.com/benchtest-dev/benchtest/benchtest/scenario"
	"github.com/benchtest-dev/benchtest/fixtures"
	"github.com/benchtest-dev/benchtest/providers"
)

// A Stage is a scenario's machines without an attempt, for people who step into
// one. Its fields are required; its methods are called one at a time.
type Stage struct {
	Scenario *scenario.Scenario
	Hosts    map[string]StageHost // by host_name
	// Binary is the absolute path of a program that answers -benchtest.dial: ours.
	Binary string
	// Scratch is a directory with a short path for keys and sockets.
	Scratch string
	// Log takes what the steps print.
	Log io.Writer
}

// A StageHost is a machine that is ready, and its keys.
type StageHost struct {
	Machine providers.Machine
	Keys    providers.KeyRing
}

// Restore runs the scenario's restore.*, as every attempt does first. What it
// says is in the log; the error is of machines that are not ready after it.
func (s Stage) Restore(ctx context.Context) error {
	return s.play(func(t *try) error { return t.restore(ctx) })
}

// Mend runs restore.* on machines that stay, as every attempt on such does
// last. The error is of those that it did not mend.
func (s Stage) Mend(ctx context.Context) error {
	return s.play(func(t *try) error {
		if t.sc.Scripts.Restore.None() {
			return nil
		}
		failed := t.restored(ctx)
		return t.each(func(h *host) error { return mended(h, failed[h.name]) })
	})
}

// Prepare runs the scenario's prepare.*, which breaks the machines.
func (s Stage) Prepare(ctx context.Context) error {
	return s.play(func(t *try) error { return t.prepare(ctx) })
}

// play makes a try with no more than the scenario's own steps need.
func (s Stage) play(do func(*try) error) error {
	r := &Runner{Binary: s.Binary, Scratch: s.Scratch, Log: slog.New(slog.DiscardHandler)}
	t := &try{Runner: r, sc: s.Scenario, limit: r.limits(s.Scenario), id: s.Scenario.Key, book: &book{log: &teeLog{output: s.Log}}}
	for _, h := range s.Scenario.Hosts {
		c := &fixtures.Clone{Machine: s.Hosts[h.HostName].Machine, Keys: s.Hosts[h.HostName].Keys, HostName: h.HostName}
		root := r.sandbox(c)
		defer func() { _ = root.Close() }() // it carries nothing any more
		t.hosts = append(t.hosts, &host{name: h.HostName, clone: c, root: root})
	}
	err := do(t)
	if t.access != nil {
		if cerr := t.access.close(); err == nil {
			err = cerr
		}
	}
	return err
}
