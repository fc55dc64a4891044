package progress

import (
	"fmt"
	"time"
)

// estimateEvery bounds how often the estimate is made anew.
const estimateEvery = time.Second

// An estimate is when the run will be over, as far as is known.
type estimate struct {
	stale bool // an attempt has ended since it was made
	made  time.Time
	left  time.Duration
	known bool
}

// left is how long the run still takes. ok is false where nothing is known of a
// scenario: neither how long it took before nor any attempt of this run.
func (b *board) left(now time.Time) (time.Duration, bool) {
	e := &b.estimate
	if age := now.Sub(e.made); e.made.IsZero() || age >= estimateEvery && (e.stale || age >= 5*estimateEvery) {
		*e = estimate{made: now}
		e.left, e.known = b.guess(now)
	}
	return max(e.left-now.Sub(e.made), 0), e.known
}

func (b *board) guess(now time.Time) (time.Duration, bool) {
	if b.cfg.Forecast == nil {
		return 0, false
	}
	var list []Left
	under := map[string]int{}
	for _, a := range b.attempts {
		if a.waits() || a.ended {
			continue
		}
		each, known := b.typical(a.id.key)
		if !known {
			return 0, false
		}
		under[a.id.key]++
		list = append(list, Left{Key: a.id.key, Attempts: 1, Each: max(each-now.Sub(a.begun), 0)})
	}
	for _, p := range b.cfg.Plan {
		n := p.Attempts - b.done[p.Key] - under[p.Key]
		if n <= 0 {
			continue
		}
		each, known := b.typical(p.Key)
		if !known {
			return 0, false
		}
		list = append(list, Left{Key: p.Key, Attempts: n, Each: each})
	}
	return b.cfg.Forecast(list), true
}

// typical is how long an attempt at key took before, else how long those of this
// run took.
func (b *board) typical(key string) (time.Duration, bool) {
	if d, known := b.typically[key]; known {
		return d, true
	}
	if b.cfg.Typical != nil {
		if d, known := b.cfg.Typical(key); known {
			b.typically[key] = d
			return d, true
		}
	}
	if _, scored := b.ended(); scored > 0 {
		return b.took / time.Duration(scored), true
	}
	return 0, false
}

// about is a duration as precise as an estimate is; empty below a second.
func about(d time.Duration) string {
	switch {
	case d < time.Second:
		return ""
	case d < 55*time.Second:
		return fmt.Sprintf("%ds", 5*((int(d.Seconds())+4)/5))
	case d < 57*time.Minute+30*time.Second:
		return fmt.Sprintf("%dm", int(d.Round(time.Minute).Minutes()))
	}
	d = d.Round(5 * time.Minute)
	return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
}
