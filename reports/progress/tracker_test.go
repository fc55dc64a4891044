package progress

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/reports"
	"github.com/benchtest-dev/benchtest/reports/progress/screentest"
)

const key = "nginx/001-broken-config"

func record(iteration int, o rules.Outcome, reason string) reports.Attempt {
	return *ends(0, key, iteration, o, reason).rec
}

// shown is a terminal of 80 columns and 24 rows, and a screen of it.
func shown() (*screentest.Terminal, *Screen) {
	tty := screentest.New(80, 24)
	return tty, NewScreen(tty, func() (int, int) { return 80, 24 })
}

// A run as a person sees it: the block changes in place, what did not pass stays
// above it, and nothing else is left at the end.
func TestTracker_terminal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tty, screen := shown()
		tr := Start(Config{Screen: screen, Plan: []Plan{{Key: key, Attempts: 3}}})
		assert.Empty(t, tty.Text())

		tr.Phase(key, 1, reports.PhaseAdmit)
		tr.Phase(key, 1, "work the ticket")
		time.Sleep(3300 * time.Millisecond) // it is drawn at 3.2 s
		synctest.Wait()
		assert.Equal(t, "\n  nginx/001-broken-config/i1      3s  work the ticket 3s\n0/3 done; 1 running, 2 waiting; 3s so far", tty.Text())
		assert.Equal(t, 2, tty.Below(), "the cursor stands above what is drawn")

		tr.Ended(record(1, rules.Passed, ""))
		tr.Gone(key, 1)
		tr.Phase(key, 2, "prepare")
		tr.Ended(record(2, rules.Failed, "state on h1: nginx is active"))
		time.Sleep(time.Second)
		synctest.Wait()
		assert.Equal(t, `benchtest: 2/3 failed nginx/001-broken-config/i2 in 35.9s (hand-over 12ms, prepare 900ms, engine 30.0s, hold 5.0s): state on h1: nginx is active
`, unwrapped(tty.Text(), 80)[:strings.Index(unwrapped(tty.Text(), 80), "\n")+1])
		assert.Contains(t, tty.Text(), "2/3 done; passed 1 of 2 scored; 1 failed; 1 running")

		tr.Close()
		assert.Zero(t, tty.Below())
		assert.NotContains(t, tty.Text(), "done;")
		assert.Contains(t, tty.Text(), "2/3 failed")
		assert.Empty(t, tty.Unknown())
	})
}

// unwrapped joins the lines that a terminal so wide has wrapped.
func unwrapped(text string, columns int) string {
	var b strings.Builder
	for l := range strings.Lines(text) {
		if width(l) > columns {
			l = strings.TrimSuffix(l, "\n")
		}
		b.WriteString(l)
	}
	return b.String()
}

// However often something happens, the terminal is written to five times a
// second, and not at all while nothing changes.
func TestTracker_redraws(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tty, screen := shown()
		tr := Start(Config{Screen: screen, Plan: []Plan{{Key: key, Attempts: 1}}})
		defer tr.Close()
		for i := range 10_000 {
			tr.Phase(key, 1, fmt.Sprint("phase ", i))
			time.Sleep(time.Millisecond)
		}
		synctest.Wait()
		assert.InDelta(t, 50, tty.Writes(), 1)
		tr.Phase(key, 1, "work the ticket")
		before := tty.Writes()
		time.Sleep(10 * time.Second)
		synctest.Wait()
		assert.InDelta(t, 10, tty.Writes()-before, 2, "once for each second that it shows")
	})
}

// The log says what people read, and neither has a byte of what a terminal obeys.
func TestTracker_lines(t *testing.T) {
	t.Parallel()
	var plain, log bytes.Buffer
	for i, w := range []*bytes.Buffer{&plain, &log} {
		synctest.Test(t, func(*testing.T) {
			cfg := Config{Lines: w, Plan: []Plan{{Key: key, Attempts: 4}, {Key: hostile, Attempts: 1}}, Hide: func(s string) string {
				return strings.ReplaceAll(s, "hunter2", "[redacted]")
			}}
			if i == 1 {
				_, cfg.Screen = shown()
				cfg.Screen.Color = true
			}
			tr := Start(cfg)
			for n, reason := range []string{"", "state on h1: the password is hunter2", "prepare: exit 1:\n\x1b]0;title\x07\x1b[31mred\r\u202e\xff" + strings.Repeat("界", 500), "the run was cut"} {
				tr.Phase(key, n+1, "prepare")
				tr.Ended(record(n+1, []rules.Outcome{rules.Passed, rules.Failed, rules.Errored, rules.Skipped}[n], reason))
			}
			tr.Ended(*ends(0, hostile, 1, rules.Passed, "").rec)
			tr.Close()
		})
	}
	assert.Equal(t, plain.String(), log.String())
	for _, c := range plain.Bytes() {
		require.False(t, c < ' ' && c != '\n' || c == 0x7f, "%q in %s", c, &plain)
	}
	golden(t, "lines.txt", plain.String())
}

// A terminal that takes nothing holds up neither attempts nor the end of the run.
func TestTracker_stuck(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		stuck := stuckWriter{make(chan struct{})}
		tr := Start(Config{Screen: NewScreen(stuck, func() (int, int) { return 80, 24 }), Plan: []Plan{{Key: key, Attempts: 1}}})
		begin := time.Now()
		for range 100_000 {
			tr.Phase(key, 1, "prepare")
		}
		time.Sleep(redrawEvery)
		tr.Ended(record(1, rules.Passed, ""))
		assert.Equal(t, redrawEvery, time.Since(begin))
		tr.Close()
		assert.Equal(t, redrawEvery+closeLimit, time.Since(begin))
		close(stuck.free)
	})
}

// A stuckWriter waits, as a terminal does that was stopped with Ctrl-S.
type stuckWriter struct{ free chan struct{} }

func (w stuckWriter) Write(p []byte) (int, error) {
	<-w.free
	return len(p), nil
}

// Once erased, nothing is drawn; what did not pass is still told.
func TestTracker_Erase(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tty, screen := shown()
		tr := Start(Config{Screen: screen, Plan: []Plan{{Key: key, Attempts: 2}}})
		tr.Phase(key, 1, "work the ticket")
		time.Sleep(time.Second)
		synctest.Wait()
		require.Contains(t, tty.Text(), "work the ticket")
		tr.Erase()
		assert.Empty(t, tty.Text())
		tr.Phase(key, 2, "work the ticket")
		time.Sleep(time.Second)
		tr.Ended(record(1, rules.Errored, "the run was cut"))
		tr.Close()
		assert.Contains(t, tty.Text(), "1/2 errored nginx/001-broken-config/i1")
		assert.NotContains(t, tty.Text(), "running")
	})
}

// A panic finds the terminal as it was.
func TestTracker_During(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tty, screen := shown()
		tr := Start(Config{Screen: screen, Plan: []Plan{{Key: key, Attempts: 1}}})
		defer tr.Close()
		work := func() {
			tr.Phase(key, 1, "work the ticket")
			time.Sleep(time.Second)
			synctest.Wait()
			require.Contains(t, tty.Text(), "work the ticket")
		}
		tr.During(work)
		assert.Contains(t, tty.Text(), "work the ticket", "nothing broke")
		assert.PanicsWithValue(t, "boom", func() {
			tr.During(func() {
				work()
				panic("boom")
			})
		})
		assert.Empty(t, tty.Text())
	})
}

// Nobody looks: everything is taken.
func TestTracker_nil(t *testing.T) {
	t.Parallel()
	var tr *Tracker
	tr.Phase(key, 1, "prepare")
	tr.Ended(record(1, rules.Passed, ""))
	tr.Gone(key, 1)
	tr.During(func() {})
	tr.Erase()
	tr.Close()
}

func TestTracker_concurrent(t *testing.T) {
	t.Parallel()
	tty, screen := shown()
	var lines bytes.Buffer
	const attempts = 200
	tr := Start(Config{Screen: screen, Lines: &lines, Plan: []Plan{{Key: key, Attempts: attempts}}})
	var wg sync.WaitGroup
	for i := range attempts {
		wg.Go(func() {
			tr.Phase(key, i+1, reports.PhaseAdmit)
			tr.Phase(key, i+1, "prepare")
			tr.Ended(record(i+1, rules.Passed, ""))
			tr.Gone(key, i+1)
			_, _ = screen.Write([]byte("others print\n")) // to a buffer
		})
	}
	wg.Wait()
	tr.Close()
	assert.Equal(t, attempts, strings.Count(lines.String(), " passed "))
	assert.Contains(t, lines.String(), fmt.Sprintf("%d/%d passed", attempts, attempts))
	assert.Equal(t, strings.TrimSpace(strings.Repeat("others print\n", attempts)), tty.Text())
}

// What an attempt pays to be seen.
func BenchmarkTracker(b *testing.B) {
	_, screen := shown()
	tr := Start(Config{Screen: screen, Plan: []Plan{{Key: key, Attempts: b.N}}})
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		for range 12 {
			tr.Phase(key, i, "prepare")
		}
		tr.Ended(record(i, rules.Passed, ""))
		tr.Gone(key, i)
	}
	tr.Close()
}
