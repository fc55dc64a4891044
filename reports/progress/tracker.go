// Package progress shows people how a run goes on while it does: on a terminal
// a block of lines that changes, elsewhere a plain line when an attempt has
// ended.
package progress

import (
	"io"
	"sync"
	"time"

	"github.com/benchtest-dev/benchtest/reports"
)

// Modes are the values of -benchtest.progress: what docs/decisions/0007 chooses,
// and three that choose otherwise.
func Modes() []string { return []string{"auto", "tty", "plain", "none"} }

// redrawEvery bounds how often the terminal is written to: five times a second.
const redrawEvery = 200 * time.Millisecond

// closeLimit is how long Close waits for a terminal that takes nothing, such as
// one that was stopped with Ctrl-S.
const closeLimit = time.Second

// Config says what a Tracker shows, and where. Only Plan is required.
type Config struct {
	Plan []Plan
	// Screen shows the block, and a line for each attempt that did not pass; nil:
	// there is no terminal.
	Screen *Screen
	// Lines takes one line of plain text for each attempt that ended; nil: nobody
	// wants them.
	Lines io.Writer
	// MemoryMiB is the budget of all attempts together; zero: none is shown.
	MemoryMiB int
	// Hide takes secrets out of a text; nil: nothing is secret.
	Hide func(string) string
	// Typical is how long an attempt at key took before; nil: nothing is known.
	Typical func(key string) (time.Duration, bool)
	// Forecast is how long all of this takes; nil: no estimate is shown.
	Forecast func([]Left) time.Duration
}

// A Plan is the attempts that are to be made at one scenario, and what each of
// them takes of the machine.
type Plan struct {
	Key       string
	Attempts  int
	MemoryMiB int
}

// Left is so many attempts at one scenario, of each of which so much is left.
type Left struct {
	Key      string
	Attempts int
	Each     time.Duration
}

// A Tracker is told by attempts how they go on, and shows it behind their back:
// to tell it costs an append under a lock that is never held while something is
// written. Its methods may be called concurrently. The nil Tracker takes
// everything and shows nothing. Who made it closes it.
type Tracker struct {
	cfg Config

	// The loop's alone.
	board *board
	heard bool      // something, since it drew
	drawn time.Time // the block, at last

	mu   sync.Mutex
	told []event
	news chan struct{} // something was told

	erase, stop sync.Once
	erased      chan struct{} // the block is not shown any more
	stopped     chan struct{}
	over        chan struct{} // the loop has returned
}

// Start makes a Tracker that shows at once what it is told.
func Start(cfg Config) *Tracker {
	t := &Tracker{
		board: newBoard(cfg), cfg: cfg, news: make(chan struct{}, 1),
		erased: make(chan struct{}), stopped: make(chan struct{}), over: make(chan struct{}),
	}
	go t.loop()
	return t
}

// Phase tells that a phase of an attempt begins.
func (t *Tracker) Phase(key string, iteration int, name string) {
	t.tell(event{id: id{key, iteration}, phase: name})
}

// Ended tells the verdict of an attempt, whose machines may still be there.
func (t *Tracker) Ended(rec reports.Attempt) {
	t.tell(event{id: id{rec.Key, rec.Iteration}, rec: &rec})
}

// Gone tells that nothing is left of an attempt but its record.
func (t *Tracker) Gone(key string, iteration int) {
	t.tell(event{id: id{key, iteration}, gone: true})
}

func (t *Tracker) tell(e event) {
	if t == nil {
		return
	}
	e.at = time.Now()
	t.mu.Lock()
	t.told = append(t.told, e)
	t.mu.Unlock()
	select {
	case t.news <- struct{}{}:
	default: // the loop will look anyway
	}
}

// Erase takes the block off the screen for good. Lines go on. It is called when
// the run is cut.
func (t *Tracker) Erase() {
	if t == nil {
		return
	}
	t.erase.Do(func() {
		close(t.erased)
		if t.cfg.Screen != nil {
			t.cfg.Screen.Close()
		}
	})
}

// During calls do. A panic in it ends the process, and finds the terminal as it
// was.
func (t *Tracker) During(do func()) {
	returned := false
	defer func() {
		if !returned {
			t.Erase()
		}
	}()
	do()
	returned = true
}

// Close shows what it was told last and leaves nothing of the block behind.
func (t *Tracker) Close() {
	if t == nil {
		return
	}
	t.stop.Do(func() { close(t.stopped) })
	select {
	case <-t.over:
	case <-time.After(closeLimit):
	}
}

// loop takes in what is told and shows it.
func (t *Tracker) loop() {
	defer close(t.over)
	var tick <-chan time.Time
	if t.cfg.Screen != nil {
		ticker := time.NewTicker(redrawEvery)
		defer ticker.Stop()
		tick = ticker.C
	}
	erased := t.erased
	for {
		select {
		case <-t.news:
			t.hear()
		case now := <-tick:
			t.draw(now)
		case <-erased:
			tick, erased = nil, nil
		case <-t.stopped:
			t.hear()
			t.Erase()
			return
		}
	}
}

// hear takes in what was told, and writes the lines of what has ended.
func (t *Tracker) hear() {
	t.mu.Lock()
	told := t.told
	t.told = nil
	t.mu.Unlock()
	t.heard = true
	for _, e := range told {
		t.board.take(e)
		if e.rec != nil {
			t.announce(*e.rec)
		}
	}
}

// announce ignores errors: that nobody can be told is no reason to stop.
func (t *Tracker) announce(rec reports.Attempt) {
	l := t.board.line(rec)
	if t.cfg.Lines != nil {
		_, _ = io.WriteString(t.cfg.Lines, l.plain()+"\n")
	}
	if t.cfg.Screen != nil && !l.passed() {
		_, _ = io.WriteString(t.cfg.Screen, l.painted(t.cfg.Screen.Color)+"\n")
	}
}

// draw shows the board: when it has changed, else once for each second that it
// shows.
func (t *Tracker) draw(now time.Time) {
	columns, rows := t.cfg.Screen.Size()
	if columns == 0 || !t.board.began() || !t.heard && now.Sub(t.drawn) < time.Second {
		return
	}
	t.heard, t.drawn = false, now
	t.cfg.Screen.Draw(t.board.block(now, columns, rows))
}
