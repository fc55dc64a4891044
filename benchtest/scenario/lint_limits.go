package scenario

import "time"

// lintLimits refuses timeouts beyond the suite's.
func lintLimits(l *linter) {
	mine, most := l.s.Timeouts, l.options.Max
	for _, t := range []struct {
		name       string
		mine, most time.Duration
	}{
		{"ready", mine.Ready, most.Ready},
		{"prepare", mine.Prepare, most.Prepare},
		{"engine", mine.Engine, most.Engine},
		{"hold", mine.Hold, most.Hold},
		{"release", mine.Release, most.Release},
	} {
		if t.most > 0 && t.mine > t.most {
			l.errorf(l.s.place("timeouts."+t.name), "timeouts.%s is %s, and the suite allows %s", t.name, t.mine, t.most)
		}
	}
}
