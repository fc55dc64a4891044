package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/benchtest-dev/benchtest/reports"
)

// A Feeder brings a run into a database while it goes on, behind its back: it
// reads what is on the disk already, and waits as long as the database does. It
// holds no queue: what it could not bring is in the run's directory.
type Feeder struct {
	target Target
	run    *reports.Run
	log    *slog.Logger

	closing chan context.Context
	done    chan error
}

// How long a feeder waits after it failed: at first, and at most.
const (
	firstPause = 200 * time.Millisecond
	longPause  = 30 * time.Second
	// gather is how long news waits for more of it. Attempts often end together,
	// when others begin: that is no time to compress what they left.
	gather = 250 * time.Millisecond
	// openLimit is how long it waits for a database to open.
	openLimit = 15 * time.Second
)

// Feed begins to bring run into the database, and then what it lacks of earlier
// runs in the same directory. It returns at once. The caller closes the feeder
// before the run.
func Feed(ctx context.Context, t Target, run *reports.Run, log *slog.Logger) (*Feeder, error) {
	if err := Expect(run.Dir, t); err != nil {
		return nil, err
	}
	f := &Feeder{target: t, run: run, log: log, closing: make(chan context.Context, 1), done: make(chan error, 1)}
	ctx = context.WithoutCancel(ctx) // what ends a run is what there is most to say of
	go func() { f.done <- f.feed(ctx) }()
	return f, nil
}

// Close returns when the database has all of the run that is on the disk, or
// with an error when ctx ends before that. It is called once.
func (f *Feeder) Close(ctx context.Context) error {
	f.closing <- ctx
	if err := <-f.done; err != nil {
		return fmt.Errorf("%s has not all of run %s: %w", f.target, f.run.ID, err)
	}
	return nil
}

// A feeding is the state of a feeder's goroutine.
type feeding struct {
	*Feeder
	db      *DB
	replay  *replay
	earlier []string // directories of runs that are still to be looked at
	pause   time.Duration
	told    string // the last failure that was logged
	due     bool   // the database is to hear that the run goes on
}

// feed is the feeder's goroutine.
func (f *Feeder) feed(ctx context.Context) (err error) {
	g := &feeding{Feeder: f, earlier: Unstored(filepath.Dir(f.run.Dir), f.target)}
	defer func() { err = errors.Join(err, g.close()) }()
	alive := time.NewTicker(aliveEvery)
	defer alive.Stop()
	for {
		var again <-chan time.Time
		if g.round(ctx) {
			again = time.After(g.pause)
		}
		select {
		case last := <-f.closing:
			return g.finish(last)
		case <-f.run.Log.News():
			select {
			case last := <-f.closing:
				return g.finish(last)
			case <-time.After(gather):
			}
		case <-alive.C:
			g.due = true
		case <-again:
		}
	}
}

// round brings what there is, and reports whether there is more to do after a pause.
func (g *feeding) round(ctx context.Context) (more bool) {
	// A run that ends while the database hangs must not wait for it.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer g.interruptible(cancel)()
	err := g.advance(ctx)
	if err == nil && g.due {
		err = g.beat(ctx)
	}
	if err != nil {
		g.fail(err)
		return true
	}
	g.pause, g.told = 0, ""
	if len(g.earlier) == 0 {
		return false
	}
	dir := g.earlier[0]
	g.earlier = g.earlier[1:]
	g.bringEarlier(ctx, dir)
	return len(g.earlier) > 0
}

// interruptible cancels when Close is called, until the returned function is.
func (g *feeding) interruptible(cancel func()) (stop func()) {
	stopped, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		select {
		case last := <-g.closing:
			cancel()
			g.closing <- last // for feed
		case <-stopped:
		}
	}()
	return func() { close(stopped); <-ended }
}

// advance brings the run up to what is on the disk.
func (g *feeding) advance(ctx context.Context) (err error) {
	if g.db == nil {
		openCtx, cancel := context.WithTimeout(ctx, openLimit)
		defer cancel()
		if g.db, err = Open(openCtx, g.target); err != nil {
			return err
		}
	}
	if g.replay == nil {
		if g.replay, err = newReplay(g.db, g.run.Root(), g.run.Dir); err != nil {
			return err
		}
	}
	return g.replay.advance(ctx, g.run.Log.Synced())
}

// fail logs what went wrong, once, and makes the pause longer.
func (g *feeding) fail(err error) {
	g.pause = min(max(2*g.pause, firstPause), longPause)
	if text := err.Error(); text != g.told {
		g.told = text
		g.log.Warn("the database waits for the run's record", "database", g.target.String(), "err", err)
	}
}

// beat says that the run goes on.
func (g *feeding) beat(ctx context.Context) error {
	g.due = false
	if g.replay.bench.End != nil {
		return nil
	}
	g.replay.bench.Alive = time.Now()
	return g.replay.save(ctx)
}

// bringEarlier brings what the database lacks of an earlier run. What fails is
// tried again by the next run.
func (g *feeding) bringEarlier(ctx context.Context, dir string) {
	if dir == g.run.Dir {
		return
	}
	got, err := Import(ctx, g.db, dir)
	if err != nil || got.Attempts > 0 || got.Interrupted > 0 {
		g.log.Info("brought an earlier run", "dir", dir, "attempts", got.Attempts, "interrupted", got.Interrupted, "err", err)
	}
}

// finish brings the last of the run.
func (g *feeding) finish(ctx context.Context) error {
	if err := g.advance(ctx); err != nil {
		return err
	}
	if err := g.db.dialect.settle(ctx, g.db.sql); err != nil {
		return err
	}
	if g.replay.unread != nil {
		return g.replay.unread
	}
	return confirm(g.run.Dir, g.target)
}

func (g *feeding) close() error {
	var errs []error
	if g.replay != nil {
		errs = append(errs, g.replay.events.Close())
	}
	if g.db != nil {
		errs = append(errs, g.db.Close())
	}
	return errors.Join(errs...)
}
