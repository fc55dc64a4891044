package progress

import (
	"fmt"
	"strings"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/reports"
)

// Bounds of the block.
const (
	fewestRows  = 4  // below that only the total is shown
	narrowest   = 12 // columns of a name that is cut
	spareRows   = 1  // of the terminal: what would scroll could not be drawn over
	fixedInRows = 2  // the empty line and the total
)

// block is the lines that change: an empty one, one for each attempt that runs,
// and the total. The empty line is where the cursor stands, and what others
// print meanwhile.
func (b *board) block(now time.Time, columns, rows int) []string {
	columns-- // a terminal wraps when its last column is written
	list := b.longest()
	total := b.totalLine(now, columns, len(list))
	rows -= spareRows
	if rows < fewestRows {
		return []string{total}
	}
	shown, more := list, 0
	if room := rows - fixedInRows; len(list) > room {
		shown, more = list[:room-1], len(list)-room+1
	}
	lines := append([]string{""}, b.rows(shown, now, columns)...)
	if more > 0 {
		lines = append(lines, cut(fmt.Sprintf("  and %d more", more), columns))
	}
	return append(lines, total)
}

// rows are the lines of attempts: name, for how long it runs, phase and for how
// long that does. Where that is too wide the last goes, then the ends of names.
func (b *board) rows(list []*running, now time.Time, columns int) []string {
	const elapsed = 6 // 59m59s
	widest, phase, timed := 0, 0, 0
	for _, a := range list {
		widest, phase = max(widest, a.name.width()), max(phase, width(a.phase))
		timed = max(timed, width(a.phase)+1+len(clock(now.Sub(a.since))))
	}
	left := columns - 2 - widest - 2 - elapsed - 2 // for the phase
	withTime := timed <= left
	if !withTime && phase > left {
		widest = min(widest, max(widest-(phase-left), narrowest))
	}
	lines := make([]string, len(list))
	for i, a := range list {
		text := a.phase
		if withTime {
			text += " " + clock(now.Sub(a.since))
		}
		lines[i] = cut(fmt.Sprintf("  %s  %*s  %s", pad(a.name.cut(widest), widest), elapsed, clock(now.Sub(a.begun)), text), columns)
	}
	return lines
}

// A name is what an attempt is called: the scenario's, as it may be shown, with
// a number where there are several.
type name struct{ key, number string }

func (b *board) name(i id) name {
	n := name{key: reports.OneLine(i.key)}
	if i.iteration > 1 || b.plans[i.key].Attempts > 1 {
		n.number = fmt.Sprintf("/i%d", i.iteration)
	}
	return n
}

func (n name) String() string { return n.key + n.number }

func (n name) width() int { return width(n.key) + len(n.number) }

// cut shortens the name to so many columns, and leaves the number.
func (n name) cut(columns int) string { return cut(n.key, columns-len(n.number)) + n.number }

// A part of the total. Those with a lower keep go first when it is too long.
type part struct {
	text string
	keep int
}

const neverDropped = 7

func (b *board) totalLine(now time.Time, columns, running int) string {
	ended, scored := b.ended()
	parts := []part{
		{fmt.Sprintf("%d/%d done", ended, max(b.total, ended)), neverDropped},
		{unless(scored == 0, "passed %d of %d scored", b.counts[rules.Passed], scored), 4},
		{b.notPassed(), 5},
		{b.notEnded(running, ended), 3},
		{b.inUse(), 2},
		{clock(now.Sub(b.started)) + " so far", 1},
	}
	if left, known := b.left(now); known {
		text := about(left)
		parts = append(parts, part{unless(text == "", "about %s left", text), 6})
	}
	for {
		text, drop := "", -1
		for i, p := range parts {
			if p.text == "" {
				continue
			}
			text += p.text + "; "
			if drop < 0 || p.keep < parts[drop].keep {
				drop = i
			}
		}
		text = strings.TrimSuffix(text, "; ")
		if width(text) <= columns || parts[drop].keep == neverDropped {
			return cut(text, columns)
		}
		parts[drop].text = ""
	}
}

// underWay counts the attempts that run and have no verdict yet.
func (b *board) underWay() (n int) {
	for _, a := range b.attempts {
		if !a.waits() && !a.ended {
			n++
		}
	}
	return n
}

// notPassed counts by outcome what has ended otherwise.
func (b *board) notPassed() string {
	var list []string
	for _, o := range []rules.Outcome{rules.Failed, rules.Unsafe, rules.Timeout, rules.Errored, rules.Skipped} {
		if n := b.counts[o]; n > 0 {
			list = append(list, fmt.Sprintf("%d %s", n, o))
		}
	}
	return strings.Join(list, ", ")
}

// notEnded counts what runs and what waits.
func (b *board) notEnded(running, ended int) string {
	waiting := max(b.total-ended-b.underWay(), 0)
	return unless(running == 0, "%d running", running) + unless(running == 0 || waiting == 0, ", ") + unless(waiting == 0, "%d waiting", waiting)
}

// inUse is what the attempts that run hold of the budget.
func (b *board) inUse() string {
	memory := 0
	for _, a := range b.attempts {
		if !a.waits() {
			memory += b.plans[a.id.key].MemoryMiB
		}
	}
	return unless(b.cfg.MemoryMiB == 0, "%.1f of %.1f GiB", float64(memory)/1024, float64(b.cfg.MemoryMiB)/1024)
}

// unless is the text, or none.
func unless(none bool, format string, args ...any) string {
	if none {
		return ""
	}
	return fmt.Sprintf(format, args...)
}

// clock is a duration that is still growing: in whole seconds.
func clock(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%ds", max(int(d.Seconds()), 0))
	}
	return reports.Human(d.Truncate(time.Second))
}
